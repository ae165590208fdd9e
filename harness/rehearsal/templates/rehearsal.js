'use strict';
// The table of everyone: unpacked at once, filtered as one types. The details of a person are unpacked when asked for.
const PAGE = 50;
const at = (name) => document.getElementById(name);
const facts = JSON.parse(at('facts').textContent);
const places = JSON.parse(at('places').textContent);
let everyone = [];
let found = [];
let page = 0;

const unpack = async (name) => {
  const packed = Uint8Array.from(atob(at(name).textContent), (sign) => sign.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
  return JSON.parse(await new Response(stream).text());
};

const made = (tag, text, parent) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.append(element);
  return element;
};

const told = (count) => count.toLocaleString('en');

const show = () => {
  const last = Math.max(0, Math.ceil(found.length / PAGE) - 1);
  page = Math.min(Math.max(page, 0), last);
  const shown = found.slice(page * PAGE, (page + 1) * PAGE);
  const body = document.querySelector('#people tbody');
  body.replaceChildren();
  for (const [id, was, fate, is, into, counts, kinds] of shown) {
    const row = made('tr', undefined, body);
    const cell = made('td', undefined, row);
    if (fate === 'unchanged' && !kinds) {
      cell.textContent = id;
    } else {
      const open = made('button', id, cell);
      open.type = 'button';
      open.className = 'open';
      open.addEventListener('click', () => tell(id, into));
    }
    for (const text of [was, fate, is, into]) made('td', text, row);
    for (let place = 0; place < facts.counts.length; place += 1) made('td', counts ? counts[place] || '' : '', row);
    made('td', kinds ? kinds.join(', ') : '', row);
  }
  const range = found.length ? `${told(page * PAGE + 1)}–${told(page * PAGE + shown.length)} of ` : '';
  at('count').textContent = `${range}${told(found.length)} people (${told(everyone.length)} in all), page ${told(page + 1)} of ${told(last + 1)}`;
  at('first').disabled = at('previous').disabled = page === 0;
  at('next').disabled = at('last').disabled = page === last;
};

const filter = () => {
  const text = at('search').value.trim().toLowerCase();
  const fate = at('fate').value;
  const kind = at('found').value;
  const role = at('role').value;
  found = everyone.filter((row) => (!fate || row[2] === fate) && (!role || row[1] === role)
    && (!kind || (row[6] && row[6].includes(kind))) && (!text || row[0].includes(text) || row[4].includes(text)));
  page = 0;
  show();
};

const detailsOf = async (id) => {
  let place = -1;
  while (place + 1 < places.length && places[place + 1] <= id) place += 1;
  if (place < 0) return undefined;
  return (await unpack(`d${place}`)).find((row) => row[0] === id);
};

const table = (caption, heads, rows, parent) => {
  if (!rows.length) return;
  const wide = made('div', undefined, parent);
  wide.className = 'wide';
  wide.tabIndex = 0;
  wide.setAttribute('role', 'region');
  wide.setAttribute('aria-label', caption);
  const element = made('table', undefined, wide);
  made('caption', caption, element);
  const head = made('tr', undefined, made('thead', undefined, element));
  for (const text of heads) made('th', text, head).scope = 'col';
  const body = made('tbody', undefined, element);
  for (const row of rows) {
    const line = made('tr', undefined, body);
    for (const text of row) made('td', text, line);
  }
};

const tell = async (id, into) => {
  const panel = at('person');
  panel.replaceChildren();
  made('h3', `${id}${into ? `, merged into ${into}` : ''}`, panel);
  for (const [person, whose] of into ? [[into, 'of the person merged into'], [id, 'of the person merged']] : [[id, '']]) {
    const details = await detailsOf(person);
    if (!details) continue;
    const [, attributes, things, findings] = details;
    table(`Attributes ${whose}`.trim(), ['attribute', 'outcome', 'came with those merged in', 'before', 'after', 'assumed rule'], attributes, panel);
    table(`Belongings ${whose}`.trim(), ['kind', 'which', 'outcome'], things, panel);
    table(`Found ${whose}`.trim(), ['what', 'how', 'who else'], findings.map((row) => row.map((cell) => cell || '')), panel);
  }
  if (panel.children.length === 1) made('p', 'Nothing more is known of this person.', panel);
};

const begin = async () => {
  const parts = [];
  for (let number = 0; at(`p${number}`); number += 1) parts.push(unpack(`p${number}`));
  everyone = (await Promise.all(parts)).flat();
  filter();
};

for (const name of ['search', 'fate', 'found', 'role']) at(name).addEventListener('input', filter);
at('filters').addEventListener('submit', (event) => event.preventDefault());
at('first').addEventListener('click', () => { page = 0; show(); });
at('previous').addEventListener('click', () => { page -= 1; show(); });
at('next').addEventListener('click', () => { page += 1; show(); });
at('last').addEventListener('click', () => { page = Infinity; show(); });
begin().catch((error) => { at('count').textContent = `The table cannot be unpacked here: ${error}`; });
