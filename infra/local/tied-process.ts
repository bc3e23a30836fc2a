/** Child processes that cannot outlive this one. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Spawns a command that dies with this process, even if this process is killed with SIGKILL.
 *
 * A shell waits at the reading end of a pipe. Only this process has the writing end. At end of file this process has
 * ended, and the shell kills the command. After the command has ended by itself, this process writes a line, which
 * ends the shell, so that it never kills another process with a reused pid. `exec` gives the command the pid that `$$`
 * names. The command has its own process group, so that Ctrl-C reaches only this process.
 *
 * Standard output and error are pipes. With `ipc` there is also a channel for messages. On Windows the command is a
 * plain child.
 */
export function spawnTied(
  command: string[],
  { ipc = false, ...options }: Pick<SpawnOptions, 'cwd' | 'env'> & { ipc?: boolean },
): ChildProcess {
  const channel = ipc ? (['ipc'] as const) : [];
  const stdio: SpawnOptions['stdio'] = ['ignore', 'pipe', 'pipe', 'pipe', ...channel];
  const settings: SpawnOptions = { ...options, stdio, serialization: 'advanced', windowsHide: true };
  if (process.platform === 'win32') return spawn(command[0]!, command.slice(1), settings);
  const script = '{ read -r _ <&3 || kill -9 $$; } >/dev/null 2>&1 4<&- & exec "$@" 3<&-';
  const child = spawn('/bin/sh', ['-c', script, 'sh', ...command], { ...settings, detached: true });
  const lifeline = child.stdio[3] as Socket;
  lifeline.on('error', () => {});
  child.on('exit', () => lifeline.end('\n'));
  return child;
}
