import { Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { DOCS_PATHS, docsPage } from '../../shared/routes/index.ts';
import { FunctionProxy } from './function-proxy.ts';
import { loggedFunction, type Surroundings } from './row-function.ts';

/** The function that serves the description of the API from files of its bundle. It may only write its log. */
export class DocsPage extends Construct {
  constructor(scope: Construct, apiId: string, surroundings: Surroundings) {
    super(scope, 'Docs');
    Validations.of(this).acknowledge({
      id: 'AwsSolutions::AwsSolutions-APIG4',
      reason: 'The description of the API is public, and the page contains nothing else. `-c docs=false` removes it.',
    });
    const { functionArn } = loggedFunction(this, docsPage, surroundings);
    const proxy = new FunctionProxy(this, apiId, functionArn);
    for (const path of DOCS_PATHS) {
      // `/docs/{file}` → `DocsFile`
      const name = path.replace(/\W+(\w)|\W/g, (_, first?: string) => first?.toUpperCase() ?? '');
      proxy.permit(`${name}Permission`, 'GET', path.replace('{file}', '*'));
      proxy.route(`${name}Route`, `GET ${path}`);
    }
  }
}
