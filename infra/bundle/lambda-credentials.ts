/**
 * Replaces `@aws-sdk/credential-provider-node` in every bundle. A Lambda function has one source of credentials, the
 * environment. The SDK's provider chain (profiles, SSO, web identity, instance metadata, each with its client) is 135
 * KB of code that every cold start would load and never use.
 */

/** The SDK's default provider of credentials. Rejects if the environment has no key. */
export const defaultProvider = () => async () => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    throw new Error('No AWS credentials in the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set.');
  }
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
  };
};
