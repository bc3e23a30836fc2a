import { Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { FunctionRow } from '../../shared/routes/index.ts';
import { constructIdOf } from '../names.ts';
import { FunctionProxy } from './function-proxy.ts';
import { loggedFunction, type Surroundings } from './row-function.ts';

export interface PageProps {
  row: FunctionRow;
  /** Paths, all for GET; `{file}` is one part of a path. */
  paths: readonly string[];
  apiId: string;
  surroundings: Surroundings;
  environment?: Record<string, string>;
}

/** A function that serves a page from files of its bundle. It may only write its log. */
export class Page extends Construct {
  constructor(scope: Construct, { row, paths, apiId, surroundings, environment }: PageProps) {
    super(scope, constructIdOf(row.id));
    Validations.of(this).acknowledge({
      id: 'AwsSolutions::AwsSolutions-APIG4',
      reason: `The page is public and contains no data. \`-c ${row.id}=false\` removes it.`,
    });
    const { functionArn } = loggedFunction(this, row, surroundings, [], environment && { environment });
    const proxy = new FunctionProxy(this, apiId, functionArn);
    for (const path of paths) {
      // `/docs/{file}` → `DocsFile`
      const name = path.replace(/\W+(\w)|\W/g, (_, first?: string) => first?.toUpperCase() ?? '');
      proxy.permit(`${name}Permission`, 'GET', path.replace('{file}', '*'));
      proxy.route(`${name}Route`, `GET ${path}`);
    }
  }
}
