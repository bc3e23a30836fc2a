/** What Linux knows of the processes of a stack. Other systems tell nothing here. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

export interface ProcessState {
  pid: number;
  /** `DynamoDB Local`, `stack`, or the name of the function that it runs. */
  name: string;
  kind: 'database' | 'stack' | 'function';
  /** Resident memory, MB. */
  resident: number;
  /** Processor time so far, seconds. */
  processor: number;
}

/** Ticks of /proc/<pid>/stat per second, the same on all systems that run Node. */
const TICKS = 100;

export const isLinux = existsSync('/proc/self/stat');

/** A process that runs the laptop stack, and those that it has started. */
export function processesOf(root: number): ProcessState[] {
  if (!isLinux) return [];
  const parents = new Map<number, number>();
  const states = new Map<number, ProcessState>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const pid = Number(name);
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      const [, parent, ...stat] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]!.split(' ');
      parents.set(pid, Number(parent));
      const resident = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1] ?? 0) / 1024;
      // User and system time, fields 14 and 15 of the line.
      states.set(pid, { pid, resident, processor: (Number(stat[9]) + Number(stat[10])) / TICKS, ...runs(command) });
    } catch {
      // The process has ended meanwhile.
    }
  }
  const belongs = (pid: number): boolean => pid === root || (parents.has(pid) && belongs(parents.get(pid)!));
  // Shells that wait to end what they started (infra/local/tied-process.ts) take neither time nor memory.
  return [...states.values()].filter(({ pid, name }) => name !== '' && belongs(pid));
}

function runs(command: string[]): Pick<ProcessState, 'name' | 'kind'> {
  if (command[0]!.endsWith('sh')) return { name: '', kind: 'function' };
  if (command.includes('DynamoDBLocal.jar')) return { name: 'DynamoDB Local', kind: 'database' };
  const at = command.findIndex((part) => part.endsWith('function-process.mjs'));
  if (at < 0) return { name: 'stack', kind: 'stack' };
  return { name: JSON.parse(command[at + 1]!).functionName, kind: 'function' };
}

/** MB of objects that a Java process holds, after a garbage collection; undefined without Java's tools. */
export async function javaHeap(pid: number): Promise<number | undefined> {
  const { stdout } = await promisify(execFile)('jcmd', [String(pid), 'GC.class_histogram'], {
    maxBuffer: 2 ** 26,
  }).catch(() => ({ stdout: '' }));
  const bytes = /^Total\s+\d+\s+(\d+)/m.exec(stdout)?.[1];
  return bytes === undefined ? undefined : Number(bytes) / 2 ** 20;
}
