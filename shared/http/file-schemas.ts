import * as z from 'zod/mini';

/** A form upload: all of `oss_body_param` goes into the form, the file last. */
export const uploadFormReply = z.object({
  upload_url: z.string(),
  upload_method: z.literal('POST'),
  oss_body_param: z.record(z.string(), z.string()),
  download_url: z.string(),
});

/** Where a redirect leads. */
export const redirectReply = z.object({ url: z.string() });
