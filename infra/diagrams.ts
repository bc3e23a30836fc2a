/** The pictures of the README: boxes and arrows as plain data, drawn as SVG that follows the reader's light or dark. */

interface Box {
  id: string;
  x: number;
  y: number;
  width: number;
  height: number;
  title: string;
  lines?: readonly string[];
  tone?: 'outside' | 'compute' | 'data';
}

interface Arrow {
  from: string;
  to: string;
  label?: string;
  /** Sides that it leaves and reaches. */
  sides?: readonly ['right' | 'bottom' | 'left' | 'top', 'right' | 'bottom' | 'left' | 'top'];
}

interface Diagram {
  title: string;
  width: number;
  height: number;
  boxes: readonly Box[];
  arrows: readonly Arrow[];
}

const ARCHITECTURE: Diagram = {
  title: 'Architecture: clients call API Gateway, which calls one Lambda function an operation on one DynamoDB table',
  width: 960,
  height: 430,
  boxes: [
    {
      id: 'clients',
      x: 20,
      y: 130,
      width: 150,
      height: 84,
      title: 'Clients',
      lines: ['web, mobile, server', '/docs in a browser'],
      tone: 'outside',
    },
    {
      id: 'gateway',
      x: 230,
      y: 130,
      width: 170,
      height: 84,
      title: 'API Gateway',
      lines: ['HTTP API: throttle,', 'CORS, access log'],
    },
    {
      id: 'function',
      x: 460,
      y: 96,
      width: 220,
      height: 152,
      title: 'Lambda',
      lines: [
        'one function an operation',
        'functions — parse, answer',
        'shared/domain — decide',
        'shared/data — read, write',
      ],
      tone: 'compute',
    },
    {
      id: 'table',
      x: 750,
      y: 110,
      width: 190,
      height: 104,
      title: 'DynamoDB',
      lines: ['one table on demand', '3 local indexes', 'point-in-time recovery'],
      tone: 'data',
    },
    {
      id: 'bucket',
      x: 750,
      y: 20,
      width: 190,
      height: 62,
      title: 'S3',
      lines: ['private: files, avatars'],
      tone: 'data',
    },
    {
      id: 'background',
      x: 460,
      y: 300,
      width: 220,
      height: 84,
      title: 'Lambda, in background',
      lines: ['cleans up behind small writes,', 'publishes uploaded files'],
      tone: 'compute',
    },
    {
      id: 'queue',
      x: 230,
      y: 300,
      width: 170,
      height: 84,
      title: 'SQS',
      lines: ['what failed again', 'and again'],
      tone: 'data',
    },
  ],
  arrows: [
    { from: 'clients', to: 'gateway', label: 'HTTPS' },
    { from: 'gateway', to: 'function' },
    { from: 'function', to: 'table', label: 'read, write' },
    { from: 'function', to: 'bucket', label: 'sign', sides: ['top', 'left'] },
    { from: 'table', to: 'background', label: 'stream: jobs', sides: ['bottom', 'right'] },
    { from: 'background', to: 'queue', sides: ['left', 'right'] },
  ],
};

const DATA_MODEL: Diagram = {
  title: 'Data model: five kinds of partitions of one table, and the items in each',
  width: 960,
  height: 400,
  boxes: [
    {
      id: 'app',
      x: 20,
      y: 20,
      width: 270,
      height: 150,
      title: 'A#app …',
      lines: [
        'app: limits, secret',
        'T#hash  admin token',
        'N#name, M#mobile  unique by key',
        'D  directory of users',
        'P  public groups',
      ],
      tone: 'outside',
    },
    {
      id: 'user',
      x: 345,
      y: 20,
      width: 270,
      height: 190,
      title: 'U#app#user',
      lines: [
        '#  status, names, password',
        'P, S, T  profile, settings, tags',
        'D#sn  device and its session',
        'E#group  edge: joined, admin',
        '      L1 user_joined',
        'I#group#inviter  invitation, L1',
      ],
      tone: 'compute',
    },
    {
      id: 'group',
      x: 670,
      y: 20,
      width: 270,
      height: 130,
      title: 'G#app#group',
      lines: [
        '#  status, owner, count, flags:',
        '    the one hot item, 0.3 KB',
        'I, X  name, avatar, long texts',
        'S  last announcement and file',
      ],
      tone: 'compute',
    },
    {
      id: 'relations',
      x: 670,
      y: 200,
      width: 270,
      height: 180,
      title: 'G#app#group#R',
      lines: [
        'R#user  relation: member or',
        '    blocked, role, ban',
        '    L1 members or blocked',
        '    L2 banned, L3 admins',
        'A#user  application, L1',
      ],
      tone: 'data',
    },
    {
      id: 'contents',
      x: 345,
      y: 270,
      width: 270,
      height: 110,
      title: 'G#app#group#N, #F',
      lines: ['id  announcement', 'id  file, L1 once it is there'],
      tone: 'data',
    },
    {
      id: 'jobs',
      x: 20,
      y: 230,
      width: 270,
      height: 150,
      title: 'J#id, I#…, L#…',
      lines: [
        'J  job: work for the stream',
        'I  answers kept against repetition',
        'L  failed logins',
        '    TTL removes both some time;',
        '    expiry is checked on reading',
      ],
      tone: 'outside',
    },
  ],
  arrows: [
    { from: 'user', to: 'group', label: 'E#group' },
    { from: 'group', to: 'relations', label: 'same people', sides: ['bottom', 'top'] },
    { from: 'app', to: 'user', label: 'names' },
  ],
};

/** The files of the pictures, by path. */
export const diagrams = (): Record<string, string> => ({
  'docs/architecture.svg': drawn(ARCHITECTURE),
  'docs/data-model.svg': drawn(DATA_MODEL),
});

function drawn({ title, width, height, boxes, arrows }: Diagram): string {
  const find = (id: string) => boxes.find((box) => box.id === id)!;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
  <title>${escaped(title)}</title>
  <style>
    text { font: 13px ui-sans-serif, system-ui, sans-serif; fill: #334155; white-space: pre; }
    .title { font-weight: 600; font-size: 15px; fill: #0f172a; }
    .label { font-size: 12px; fill: #64748b; }
    rect { fill: #f8fafc; stroke: #94a3b8; }
    .outside { fill: #f1f5f9; } .compute { fill: #fff7ed; stroke: #fb923c; } .data { fill: #eff6ff; stroke: #60a5fa; }
    path { fill: none; stroke: #64748b; stroke-width: 1.5; } marker path { fill: #64748b; stroke: none; }
    @media (prefers-color-scheme: dark) {
      text { fill: #cbd5e1; } .title { fill: #f8fafc; } .label { fill: #94a3b8; }
      rect { fill: #1e293b; stroke: #64748b; } .outside { fill: #1e293b; } .compute { fill: #3b2413; stroke: #fb923c; }
      .data { fill: #172554; stroke: #60a5fa; } path { stroke: #94a3b8; } marker path { fill: #94a3b8; }
    }
  </style>
  <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs>
${arrows.map((arrow) => arrowOf(arrow, find)).join('\n')}
${boxes.map(boxOf).join('\n')}
</svg>
`;
}

function boxOf({ x, y, width, height, title, lines = [], tone }: Box): string {
  const texts = lines.map((line, index) => `<text x="${x + 14}" y="${y + 48 + index * 20}">${escaped(line)}</text>`);
  return `  <g><rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8"${tone ? ` class="${tone}"` : ''}/><text class="title" x="${x + 14}" y="${y + 26}">${escaped(title)}</text>${texts.join('')}</g>`;
}

function arrowOf({ from, to, label, sides = ['right', 'left'] }: Arrow, find: (id: string) => Box): string {
  const [start, end] = [at(find(from), sides[0]), at(find(to), sides[1])];
  const level = Math.abs(start.y - end.y) < 40 && sides[0] === 'right';
  const goal = level ? { x: end.x, y: start.y } : end;
  // A corner where the sides differ, else straight.
  const vertical = sides[0] === 'top' || sides[0] === 'bottom';
  const corner = vertical && (sides[1] === 'left' || sides[1] === 'right') ? ` L${start.x} ${goal.y}` : '';
  const middle = corner
    ? { x: (start.x + goal.x) / 2, y: goal.y - 8 }
    : { x: (start.x + goal.x) / 2, y: (start.y + goal.y) / 2 - 8 };
  const beside = vertical && !corner;
  const text = label
    ? `<text class="label" x="${middle.x + (beside ? 8 : 0)}" y="${middle.y + (beside ? 12 : 0)}" text-anchor="${beside ? 'start' : 'middle'}">${escaped(label)}</text>`
    : '';
  return `  <path d="M${start.x} ${start.y}${corner} L${goal.x} ${goal.y}" marker-end="url(#tip)"/>${text}`;
}

function at({ x, y, width, height }: Box, side: 'right' | 'bottom' | 'left' | 'top'): { x: number; y: number } {
  if (side === 'left' || side === 'right') return { x: side === 'left' ? x : x + width, y: y + height / 2 };
  return { x: x + width / 2, y: side === 'top' ? y : y + height };
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
