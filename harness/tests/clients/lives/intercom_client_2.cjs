'use strict';
// A whole life in API 1.x with npm intercom-client 2, through its own methods: node intercom_client_2.cjs VISITOR…
// Three visitors are given by their user_id. It stops at the first answer that is not what it should be.
const assert = require('node:assert');
const { Client } = require('intercom-client');

const client = new Client({ token: process.env.INTERCOM_ACCESS_TOKEN }).usePromises();
client.useRequestOpts({ baseUrl: process.env.INTERCOM_BASE_URL });

const refused = async (promise, status, message) => {
  const error = await promise.then(() => assert.fail('this was to be refused'), (caught) => caught);
  assert.deepStrictEqual([error.statusCode, error.message], [status, message]);
};

const body = (promise) => promise.then((response) => response.body);

async function visitors(first, second, third) {
  const visitor = await body(client.visitors.find({ user_id: first }));
  assert.strictEqual(visitor.type, 'visitor');
  await refused(client.visitors.find({ user_id: 'nobody' }), 404, 'Visitor Not Found');
  assert.strictEqual((await body(client.visitors.find({ id: visitor.id }))).user_id, first);
  const named = await body(client.visitors.update({ user_id: first, name: 'Vera', custom_attributes: { plan: 'pro' } }));
  assert.deepStrictEqual([named.name, named.custom_attributes.plan], ['Vera', 'pro']);
  const lead = await body(client.visitors.convert({ visitor: { user_id: first }, type: 'lead' }));
  assert.deepStrictEqual([lead.type, lead.id, lead.user_id], ['contact', visitor.id, first]);
  await refused(client.visitors.convert({ visitor: { user_id: first }, type: 'lead' }), 404, 'Visitor Not Found');
  const user = await body(
    client.visitors.convert({ visitor: { user_id: second }, user: { email: 'uma@example.com' }, type: 'user' }));
  assert.deepStrictEqual([user.type, user.email, user.user_id], ['user', 'uma@example.com', null]);
  const merged = await body(
    client.visitors.convert({ visitor: { user_id: third }, user: { email: 'uma@example.com' }, type: 'user' }));
  assert.strictEqual(merged.id, user.id);
  return { lead, user };
}

async function people(lead, user) {
  await client.leads.update({ id: lead.id, email: 'lea@example.com', phone: '+15550100' });
  assert.strictEqual((await body(client.leads.find({ user_id: lead.user_id }))).email, 'lea@example.com');
  assert.strictEqual((await body(client.leads.find({ id: lead.id }))).name, 'Vera');
  assert.deepStrictEqual((await body(client.leads.listBy({ email: 'lea@example.com' }))).contacts.map((one) => one.id), [lead.id]);
  const other = await body(client.leads.create());
  assert.strictEqual(other.anonymous, true);
  const ids = new Set();
  let page = await body(client.leads.list());
  page.contacts.forEach((one) => ids.add(one.id));
  assert.deepStrictEqual(ids, new Set([lead.id, other.id]));
  await client.leads.delete({ id: other.id });
  const made = await body(client.users.create({ user_id: 'u-1', email: 'ugo@example.com', custom_attributes: { seats: 3 } }));
  assert.strictEqual((await body(client.users.update({ user_id: 'u-1', name: 'Ugo' }))).id, made.id);
  assert.strictEqual((await body(client.users.find({ email: 'ugo@example.com' }))).users[0].name, 'Ugo'); // a list since 1.1
  assert.strictEqual((await body(client.users.find({ user_id: 'u-1' }))).custom_attributes.seats, 3);
  assert.strictEqual((await body(client.users.find({ id: user.id }))).email, 'uma@example.com');
  let listed = await body(client.users.listBy({ per_page: 1 }));
  const seen = listed.users.map((one) => one.id);
  while (listed.pages.next) {
    listed = await body(client.nextPage(listed.pages));
    seen.push(...listed.users.map((one) => one.id));
  }
  assert.deepStrictEqual(new Set(seen), new Set([user.id, made.id]));
  const scrolled = [];
  await client.users.scroll.each({}, (response) => { scrolled.push(...response.body.users); });
  assert.strictEqual(scrolled.length, 2);
  return made;
}

async function belongings(lead) {
  const me = await body(client.admins.me());
  const tag = await body(client.tags.create({ name: 'vip' }));
  await client.tags.tag({ name: 'vip', users: [{ id: lead.id }] });
  assert.deepStrictEqual((await body(client.tags.list())).tags.map((one) => one.name), ['vip']);
  await client.tags.untag({ name: 'vip', users: [{ id: lead.id }] });
  await client.tags.tag({ name: 'vip', users: [{ id: lead.id }] });
  const note = await body(client.notes.create({ body: 'Called', user: { id: lead.id }, admin_id: me.id }));
  assert.strictEqual((await body(client.notes.find({ id: note.id }))).body, '<p>Called</p>');
  const company = await body(client.companies.create({ company_id: 'c-1', name: 'Acme' }));
  assert.strictEqual((await body(client.companies.find({ company_id: 'c-1' }))).id, company.id);
  await client.tags.tag({ name: 'vip', companies: [{ id: company.id }] });
  assert.strictEqual((await body(client.companies.find({ id: company.id }))).tags.tags[0].id, tag.id);
  assert.strictEqual((await body(client.companies.list())).companies.length, 1);
  const { id: member } = await body(client.users.update({ user_id: 'u-1', companies: [{ company_id: 'c-1' }] }));
  for (const named of [{ id: company.id }, { company_id: 'c-1' }, { name: 'Acme' }]) {
    assert.deepStrictEqual((await body(client.companies.listUsers(named))).users.map((one) => one.id), [member]);
  }
  await client.users.update({ user_id: 'u-1', companies: [{ company_id: 'c-1', remove: true }] });
  const said = await body(client.messages.create({ from: { type: 'contact', id: lead.id }, body: 'Do you ship?' }));
  assert.strictEqual(said.type, 'user_message');
  const [conversation] = (await body(client.conversations.list({ type: 'user', intercom_user_id: lead.id }))).conversations;
  await client.conversations.reply(
    { id: conversation.id, type: 'admin', admin_id: me.id, message_type: 'comment', body: 'We do' });
  const acting = { id: conversation.id, type: 'admin', admin_id: me.id };
  const closed = await body(client.conversations.reply({ ...acting, message_type: 'close' }));
  assert.deepStrictEqual([closed.state, closed.assignee.type], ['closed', 'nobody_admin']);
  const assigned = await body(client.conversations.reply({ ...acting, message_type: 'assignment', assignee_id: me.id }));
  assert.deepStrictEqual([assigned.state, assigned.assignee], ['open', { type: 'admin', id: me.id }]);
  await client.conversations.markAsRead({ id: conversation.id });
  const read = await body(client.conversations.find({ id: conversation.id }));
  assert.deepStrictEqual([read.read, read.conversation_parts.total_count], [true, 3]);
  await client.events.create({ event_name: 'asked', created_at: 1, id: lead.id });
  assert.strictEqual((await body(client.events.listBy({ type: 'user', intercom_user_id: lead.id }))).events.length, 1);
  return { tag, note, company, conversation };
}

async function account() {
  const { admins } = await body(client.admins.list());
  assert.strictEqual((await body(client.admins.find(admins[0].id))).id, admins[0].id);
  const { segments } = await body(client.segments.list());
  assert.deepStrictEqual(segments.map((one) => one.name), ['Active', 'New', 'Slipping Away']);
  const [active] = segments;
  assert.strictEqual((await body(client.segments.find({ id: active.id }))).name, 'Active');
  const inIt = (await body(client.users.listBy({ segment_id: active.id }))).users;
  assert.deepStrictEqual(inIt.map((one) => one.email), ['uma@example.com']);
  assert.ok(inIt[0].segments.segments.some((one) => one.id === active.id));
  assert.strictEqual((await body(client.counts.appCounts())).user.count, 2);
  assert.deepStrictEqual((await body(client.counts.conversationCounts())).conversation, { assigned: 1, closed: 0, open: 1, unassigned: 0 });
  assert.strictEqual((await body(client.counts.conversationAdminCounts())).conversation.admin[0].open, 1);
  assert.deepStrictEqual((await body(client.counts.userSegmentCounts())).user.segment, [{ New: 1 }, { Active: 1 }, { 'Slipping Away': 0 }]);
  assert.deepStrictEqual((await body(client.counts.userTagCounts())).user.tag, [{ vip: 0 }]);
  assert.deepStrictEqual((await body(client.counts.companyTagCounts())).company.tag, [{ vip: 1 }]);
  assert.deepStrictEqual((await body(client.counts.companyUserCounts())).company.user, [{ Acme: 0, remote_company_id: 'c-1' }]);
}

async function conversions(lead, user, made, kept) {
  const merged = await body(client.leads.convert({ contact: { id: lead.id }, user: { user_id: 'u-1' } }));
  assert.deepStrictEqual([merged.id, merged.name, merged.tags.tags[0].id], [made.id, 'Ugo', kept.tag.id]);
  await refused(client.leads.find({ id: lead.id }), 404, 'Contact Not Found');
  const notes = (await body(client.notes.list({ id: made.id }))).notes;
  assert.deepStrictEqual(notes.map((one) => one.id), [kept.note.id]);
  const theirs = (await body(client.conversations.list({ type: 'user', user_id: 'u-1' }))).conversations;
  assert.deepStrictEqual(theirs.map((one) => one.id), [kept.conversation.id]);
  const late = await body(client.leads.create({ name: 'Lou' }));
  const born = await body(client.leads.convert({ contact: { user_id: late.user_id }, user: { email: 'lou@example.com' } }));
  assert.deepStrictEqual([born.id, born.user_id, born.email], [late.id, null, 'lou@example.com']);
  await client.tags.delete({ id: kept.tag.id });
  await client.users.archive({ user_id: 'u-1' });
  await refused(client.users.find({ user_id: 'u-1' }), 404, 'User Not Found');
  await client.users.archive({ id: born.id });
  await client.users.requestPermanentDeletion(user.id);
  await client.visitors.delete({ id: process.argv[5] });
}

async function life(first, second, third) {
  const { lead, user } = await visitors(first, second, third);
  const made = await people(lead, user);
  const kept = await belongings(lead);
  await account();
  await conversions(lead, user, made, kept);
  console.log('lived');
}

life(...process.argv.slice(2, 5)).catch((error) => {
  console.error(error.message, JSON.stringify(error.body), error.stack);
  process.exitCode = 1;
});
