/** Child processes that cannot outlive this one. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Spawns a command that dies with this process, even when this process is killed with SIGKILL: a waiting shell holds
 * the reading end of a pipe whose writing end only we have. End of file means that we are gone; the line that we
 * write after the command's own end sends the shell home, so that it never kills a stranger with a reused pid.
 * `exec` makes the command keep the pid that `$$` names. Its own process group keeps Ctrl-C for us alone.
 * Standard output and error are pipes; with `ipc` there is a channel for messages too. (On Windows the command is a
 * plain child.)
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
