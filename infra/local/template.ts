/**
 * Reads a cloud assembly as CloudFormation does: stacks, nested stacks, assets, and references between them. Values are
 * resolved when they are read, so that a value that nothing reads may use functions that are unknown here.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL_ACCOUNT, LOCAL_REGION, localArn } from './aws.ts';
import { attributeOf, physicalIdOf } from './template-resources.ts';

/** A JSON value of a template, before or after resolution. */
// biome-ignore lint/suspicious/noExplicitAny: templates are untyped JSON; each reader states what it expects
export type Json = any;

interface Template {
  Resources?: Record<string, { Type: string; Properties?: Json }>;
  Parameters?: Record<string, { Default?: Json }>;
  Outputs?: Record<string, { Value: Json; Export?: { Name: Json } }>;
}

/** One resource of one stack, its properties resolved. */
export interface Resource {
  type: string;
  logicalId: string;
  /** The value of `Ref`, unique within the assembly. */
  physicalId: string;
  /** The value of `GetAtt Arn`. */
  arn: string;
  properties: Json;
}

export interface Assembly {
  /** The resources of these types in all stacks, also nested ones. */
  resources(...types: string[]): Resource[];
  /** Path of the asset that would be uploaded with this key to the asset bucket. Throws an Error if there is none. */
  assetPath(objectKey: string): string;
}

/** Addresses of the stack that the values of templates contain. */
interface LocalEndpoints {
  /** The value of `GetAtt ApiEndpoint` of an HTTP API. */
  api: string;
  /** The start of the URLs of queues. */
  queues: string;
}

/**
 * Reads the cloud assembly in `directory`. Throws an Error with its name if a template uses a function, attribute or
 * parameter that is unknown here.
 */
export function readAssembly(directory: string, endpoints: LocalEndpoints): Assembly {
  const json = (file: string) => JSON.parse(readFileSync(join(directory, file), 'utf8'));
  const artifacts = Object.entries<Json>(json('manifest.json').artifacts);
  const assets = new Map<string, string>();
  for (const [, { type, properties }] of artifacts) {
    if (type !== 'cdk:asset-manifest') continue;
    for (const { source, destinations } of Object.values<Json>(json(properties.file).files)) {
      for (const { objectKey } of Object.values<Json>(destinations))
        assets.set(objectKey, join(directory, source.path));
    }
  }
  const assetPath = (objectKey: string): string => {
    const path = assets.get(objectKey);
    if (!path) throw new Error(`The assembly has no asset ${objectKey}.`);
    return path;
  };

  const stacks: StackInstance[] = [];
  const context: Context = {
    endpoints,
    exported(name) {
      for (const stack of stacks) {
        const output = stack.outputs().find(({ exportName }) => exportName === name);
        if (output) return output.value();
      }
      throw new Error(`No stack exports ${name}.`);
    },
    nestedTemplate: (url) => JSON.parse(readFileSync(assetPath(url.slice(url.lastIndexOf('/') + 1)), 'utf8')),
    register: (stack) => stacks.push(stack),
  };
  for (const [id, { type, properties }] of artifacts) {
    if (type !== 'aws:cloudformation:stack') continue;
    new StackInstance(properties.stackName ?? id, json(properties.templateFile), {}, context);
  }
  return {
    assetPath,
    resources: (...types) => stacks.flatMap((stack) => stack.resources().filter(({ type }) => types.includes(type))),
  };
}

interface Context {
  endpoints: LocalEndpoints;
  exported(name: string): Json;
  nestedTemplate(url: string): Template;
  register(stack: StackInstance): void;
}

class StackInstance {
  readonly #name: string;
  readonly #template: Template;
  readonly #parameters: Record<string, Json>;
  readonly #context: Context;
  readonly #nested = new Map<string, StackInstance>();

  constructor(name: string, template: Template, parameters: Record<string, Json>, context: Context) {
    this.#name = name;
    this.#template = template;
    this.#parameters = parameters;
    this.#context = context;
    context.register(this);
    for (const [logicalId, { Type, Properties }] of Object.entries(template.Resources ?? {})) {
      if (Type !== 'AWS::CloudFormation::Stack') continue;
      const nested = context.nestedTemplate(this.resolve(Properties.TemplateURL));
      // Parameters may refer to nested stacks that come later in the template, so they are resolved when they are read.
      const given = Properties.Parameters ?? {};
      const lazy = Object.defineProperties(
        {},
        Object.fromEntries(
          Object.keys(given).map((key) => [key, { get: () => this.resolve(given[key]), enumerable: true }]),
        ),
      );
      this.#nested.set(logicalId, new StackInstance(`${name}-${logicalId}`, nested, lazy, context));
    }
  }

  outputs() {
    return Object.values(this.#template.Outputs ?? {}).map(({ Value, Export }) => ({
      exportName: Export && this.resolve(Export.Name),
      value: () => this.resolve(Value),
    }));
  }

  resources(): Resource[] {
    return Object.entries(this.#template.Resources ?? {}).map(([logicalId, { Type, Properties }]) => {
      const resolve = () => this.resolve(Properties ?? {});
      const arn = () => this.#attribute(logicalId, 'Arn');
      return {
        type: Type,
        logicalId,
        physicalId: this.#physicalId(logicalId),
        get arn() {
          return arn();
        },
        get properties() {
          return resolve();
        },
      };
    });
  }

  /** The JSON value with all intrinsic functions replaced by their results. */
  resolve(value: Json): Json {
    if (Array.isArray(value)) return value.map((item) => this.resolve(item)).filter((item) => item !== undefined);
    if (typeof value !== 'object' || value === null) return value;
    const [name, ...others] = Object.keys(value);
    if (name !== undefined && others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) {
      return this.#intrinsic(name, value[name]);
    }
    const entries = Object.entries(value).map(([key, item]) => [key, this.resolve(item)] as const);
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  }

  #intrinsic(name: string, argument: Json): Json {
    switch (name) {
      case 'Ref':
        return this.#ref(argument);
      case 'Fn::GetAtt': {
        const [logicalId, ...path] = Array.isArray(argument) ? argument : argument.split('.');
        return this.#attribute(logicalId, this.resolve(path).join('.'));
      }
      case 'Fn::Join':
        return this.resolve(argument[1]).join(argument[0]);
      case 'Fn::Split':
        return this.resolve(argument[1]).split(argument[0]);
      case 'Fn::Select':
        return this.resolve(argument[1])[Number(this.resolve(argument[0]))];
      case 'Fn::ImportValue':
        return this.#context.exported(this.resolve(argument));
      case 'Fn::Sub': {
        const [text, own = {}] = Array.isArray(argument) ? argument : [argument];
        return text.replace(/\$\{(!?)([^}]+)\}/g, (_: string, literal: string, key: string) => {
          if (literal) return `\${${key}}`;
          if (key in own) return this.resolve(own[key]);
          return key.includes('.') ? this.#intrinsic('Fn::GetAtt', key) : this.#ref(key);
        });
      }
      default:
        throw new Error(`The laptop stack cannot resolve ${name} (in stack ${this.#name}).`);
    }
  }

  #ref(name: string): Json {
    switch (name) {
      case 'AWS::NoValue':
        return undefined;
      case 'AWS::AccountId':
        return LOCAL_ACCOUNT;
      case 'AWS::Region':
        return LOCAL_REGION;
      case 'AWS::Partition':
        return 'aws';
      case 'AWS::URLSuffix':
        return 'amazonaws.com';
      case 'AWS::StackName':
        return this.#name;
      case 'AWS::StackId':
        return localArn('cloudformation', `stack/${this.#name}/local`);
    }
    if (this.#template.Resources?.[name]) return this.#physicalId(name);
    const parameter = this.#template.Parameters?.[name];
    if (!parameter) throw new Error(`${name} is neither a resource nor a parameter of stack ${this.#name}.`);
    const value = name in this.#parameters ? this.#parameters[name] : parameter.Default;
    if (value === undefined) throw new Error(`The parameter ${name} of stack ${this.#name} has no value.`);
    return value;
  }

  #physicalId(logicalId: string): string {
    const { Type, Properties: properties = {} } = this.#template.Resources![logicalId]!;
    const given = (property: string) => this.resolve(properties[property]);
    return physicalIdOf(Type, `${this.#name}-${logicalId}`, given, this.#context.endpoints.queues);
  }

  #attribute(logicalId: string, attribute: string): Json {
    const type = this.#template.Resources?.[logicalId]?.Type;
    if (!type) throw new Error(`There is no resource ${logicalId} in stack ${this.#name}.`);
    if (type === 'AWS::CloudFormation::Stack' && attribute.startsWith('Outputs.')) {
      return this.#nested.get(logicalId)!.#output(attribute.slice('Outputs.'.length));
    }
    if (type === 'AWS::ApiGatewayV2::Api' && attribute === 'ApiEndpoint') return this.#context.endpoints.api;
    const value = attributeOf(type, attribute, this.#physicalId(logicalId));
    if (value !== undefined) return value;
    throw new Error(`The laptop stack does not know ${attribute} of ${type} (${logicalId} in ${this.#name}).`);
  }

  #output(name: string): Json {
    const output = this.#template.Outputs?.[name];
    if (!output) throw new Error(`There is no output ${name} in stack ${this.#name}.`);
    return this.resolve(output.Value);
  }
}
