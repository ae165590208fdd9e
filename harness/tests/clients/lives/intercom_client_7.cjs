'use strict';
// A whole life in API 2.14 with npm intercom-client 7 (fetch, Bearer), through its own methods:
// node intercom_client_7.cjs VISITOR… Three visitors are given by their user_id.
const assert = require('node:assert');
const { IntercomClient } = require('intercom-client-7');

const client = new IntercomClient({ token: process.env.INTERCOM_ACCESS_TOKEN, baseUrl: process.env.INTERCOM_BASE_URL });

const refused = async (promise, status, message) => {
  const error = await promise.then(() => assert.fail('this was to be refused'), (caught) => caught);
  assert.deepStrictEqual([error.statusCode, error.body.errors[0].message], [status, message]);
};

const ids = (list) => new Set(list.map((one) => one.id));

async function everyOf(pager) {
  const found = [];
  for await (const one of pager) found.push(one);
  return found;
}

async function visitors(first, second, third) {
  const visitor = await client.visitors.find({ user_id: first });
  await refused(client.visitors.find({ user_id: 'nobody' }), 404, 'Visitor Not Found');
  assert.strictEqual((await client.visitors.update({ user_id: first, name: 'Vera' })).name, 'Vera');
  const lead = await client.visitors.mergeToContact({ type: 'lead', user: {}, visitor: { user_id: first } });
  assert.deepStrictEqual([lead.role, lead.id, lead.external_id], ['lead', visitor.id, first]);
  const convert = (visitorUserId) => client.visitors.mergeToContact(
    { type: 'user', user: { email: 'uma@example.com' }, visitor: { user_id: visitorUserId } });
  const user = await convert(second);
  assert.deepStrictEqual([user.role, user.email], ['user', 'uma@example.com']);
  assert.strictEqual((await convert(third)).id, user.id);
  await refused(convert(third), 404, 'Visitor Not Found');
  return { lead, user };
}

async function people(lead, user) {
  const attribute = await client.dataAttributes.create({ name: 'plan', model: 'contact', data_type: 'string' });
  await client.dataAttributes.update({ data_attribute_id: attribute.id, body: { description: 'what they pay' } });
  assert.ok((await client.dataAttributes.list({ model: 'contact' })).data.some((one) => one.name === 'plan'));
  const made = await client.contacts.create(
    { role: 'user', external_id: 'u-1', email: 'ugo@example.com', custom_attributes: { plan: 'pro' } });
  await refused(client.contacts.create({ email: 'ugo@example.com' }), 409,
    `A contact matching those details already exists with id=${made.id}`);
  const other = await client.contacts.create({ role: 'lead', name: 'Lou' });
  await client.contacts.update({ contact_id: lead.id, email: 'lea@example.com' });
  assert.strictEqual((await client.contacts.find({ contact_id: lead.id })).email, 'lea@example.com');
  assert.strictEqual((await client.contacts.showContactByExternalId({ external_id: 'u-1' })).id, made.id);
  const query = { operator: 'AND', value: [{ field: 'role', operator: '=', value: 'user' }] };
  assert.deepStrictEqual(ids(await everyOf(await client.contacts.search({ query, pagination: { per_page: 1 } }))),
    new Set([user.id, made.id]));
  assert.deepStrictEqual(ids(await everyOf(await client.contacts.list({ per_page: 3 }))),
    new Set([lead.id, user.id, made.id, other.id]));
  return { made, other };
}

async function belongings(lead, other, adminId) {
  const contact_id = lead.id;
  const tag = await client.tags.create({ name: 'vip' });
  assert.deepStrictEqual(ids((await client.tags.list()).data), new Set([tag.id]));
  assert.strictEqual((await client.tags.find({ tag_id: tag.id })).name, 'vip');
  await client.tags.tagContact({ contact_id, id: tag.id });
  await client.tags.untagContact({ contact_id, tag_id: tag.id });
  await client.tags.tagContact({ contact_id, id: tag.id });
  assert.strictEqual((await client.contacts.listAttachedTags({ contact_id })).data[0].id, tag.id);
  const note = await client.notes.create({ contact_id, body: 'Called', admin_id: adminId });
  assert.strictEqual((await client.notes.find({ note_id: note.id })).body, '<p>Called</p>');
  assert.deepStrictEqual(ids(await everyOf(await client.notes.list({ contact_id }))), new Set([note.id]));
  const company = await companies(contact_id);
  assert.ok((await client.subscriptionTypes.list()).data.length > 0);
  await client.contacts.attachSubscription({ contact_id, id: '1', consent_type: 'opt_out' });
  assert.strictEqual((await client.contacts.listAttachedSubscriptions({ contact_id })).data[0].id, '1');
  await client.contacts.attachSubscription({ contact_id, id: '2', consent_type: 'opt_in' });
  await client.contacts.detachSubscription({ contact_id, subscription_id: '2' });
  assert.deepStrictEqual((await client.contacts.listAttachedSegments({ contact_id })).data, []);
  return { tag, note, company, conversation: await conversations(lead, other, adminId, tag) };
}

// Of a contact's companies this client reads `companies`; Intercom says `data`, as its own example does.
async function companies(contact_id) {
  const company = await client.companies.createOrUpdate({ company_id: 'c-1', name: 'Acme', plan: 'gold' });
  assert.strictEqual((await client.companies.find({ company_id: company.id })).name, 'Acme');
  assert.strictEqual((await client.companies.retrieve({ company_id: 'c-1' })).id, company.id);
  assert.strictEqual((await client.companies.update({ company_id: company.id, body: { name: 'Acme Ltd' } })).name, 'Acme Ltd');
  await client.companies.attachContact({ contact_id, id: company.id });
  await client.companies.detachContact({ contact_id, company_id: company.id });
  await client.companies.attachContact({ contact_id, id: company.id });
  assert.deepStrictEqual(ids((await client.contacts.listAttachedCompanies({ contact_id })).response.data), new Set([company.id]));
  assert.strictEqual((await client.companies.listAttachedContacts({ company_id: company.id })).data[0].id, contact_id);
  assert.strictEqual((await client.companies.listAttachedSegments({ company_id: company.id })).type, 'list');
  assert.strictEqual((await everyOf(await client.companies.list())).length, 1);
  assert.strictEqual((await client.companies.scroll()).data.length, 1);
  return company;
}

async function conversations(lead, other, adminId, tag) {
  const { conversation_id } = await client.conversations.create({ from: { type: 'lead', id: lead.id }, body: 'Do you ship?' });
  await client.messages.create({
    message_type: 'inapp', body: 'Hello', from: { type: 'admin', id: Number(adminId) }, to: { type: 'lead', id: lead.id } });
  await client.conversations.reply(
    { conversation_id, body: { message_type: 'comment', type: 'user', intercom_user_id: lead.id, body: 'Hello?' } });
  await client.conversations.update({ conversation_id, read: true, title: 'Shipping', custom_attributes: { issue: 'Shipping' } });
  const [team] = (await client.teams.list()).teams;
  assert.strictEqual((await client.teams.find({ team_id: team.id })).name, team.name);
  const assigned = await client.conversations.manage(
    { conversation_id, body: { message_type: 'assignment', type: 'team', admin_id: adminId, assignee_id: team.id } });
  assert.strictEqual(String(assigned.team_assignee_id), team.id);
  const ruled = (await client.conversations.runAssignmentRules({ conversation_id })).conversation_parts.conversation_parts;
  assert.deepStrictEqual([ruled.at(-1).part_type, ruled.at(-1).author.type], ['default_assignment', 'bot']);
  await client.conversations.redactConversationPart(
    { type: 'conversation_part', conversation_id, conversation_part_id: ruled[0].id });
  await client.conversations.attachContactAsAdmin({ conversation_id, admin_id: adminId, customer: { intercom_user_id: other.id } });
  assert.strictEqual((await client.conversations.find({ conversation_id })).contacts.contacts.length, 2);
  await client.conversations.detachContactAsAdmin({ conversation_id, contact_id: other.id, admin_id: adminId });
  await client.conversations.manage({ conversation_id, body: { message_type: 'close', type: 'admin', admin_id: adminId } });
  await client.tags.tagConversation({ conversation_id, id: tag.id, admin_id: adminId });
  const read = await client.conversations.find({ conversation_id });
  assert.deepStrictEqual([read.state, read.title, read.custom_attributes.issue, read.tags.tags[0].name], ['closed', 'Shipping', 'Shipping', 'vip']);
  await client.tags.untagConversation({ conversation_id, tag_id: tag.id, admin_id: adminId });
  assert.strictEqual((await everyOf(await client.conversations.list())).length, 2);
  const query = { field: 'contact_ids', operator: '=', value: lead.id };
  assert.strictEqual((await everyOf(await client.conversations.search({ query }))).length, 2);
  const spare = await client.conversations.create({ from: { type: 'lead', id: other.id }, body: 'Never mind' });
  await client.conversations.deleteConversation({ conversation_id: spare.conversation_id });
  await client.events.create({ event_name: 'asked', created_at: 1, id: lead.id });
  await client.events.summaries({ user_id: 'u-1', event_summaries: { event_name: 'paid', count: 3, first: 1, last: 2 } });
  const listed = await client.events.list({ type: 'user', user_id: 'u-1', summary: true });
  assert.deepStrictEqual([listed.events[0].name, listed.events[0].count], ['paid', 3]);
  return conversation_id;
}

async function account() {
  const me = await client.admins.identify();
  assert.strictEqual((await client.admins.find({ admin_id: me.id })).id, me.id);
  const teammates = ids((await client.admins.list()).admins);
  assert.deepStrictEqual([teammates.size, teammates.has(me.id)], [2, true]);
  const { segments } = await client.segments.list({ include_count: true });
  assert.deepStrictEqual(segments.map((one) => [one.name, one.count]), [['Active', 1], ['New', 1], ['Slipping Away', 0]]);
  assert.strictEqual((await client.segments.find({ segment_id: segments[0].id })).name, 'Active');
  return me.id;
}

async function conversions(lead, user, made, other, kept) {
  const contact_id = made.id;
  const merged = await client.contacts.mergeLeadInUser({ from: lead.id, into: contact_id });
  assert.deepStrictEqual([merged.id, merged.role, merged.email], [made.id, 'user', 'ugo@example.com']);
  await refused(client.contacts.find({ contact_id: lead.id }), 404, 'User Not Found');
  assert.deepStrictEqual(ids(await everyOf(await client.notes.list({ contact_id }))), new Set([kept.note.id]));
  assert.strictEqual((await client.contacts.listAttachedTags({ contact_id })).data[0].id, kept.tag.id);
  assert.strictEqual((await client.contacts.listAttachedSubscriptions({ contact_id })).data[0].id, '1');
  assert.deepStrictEqual(ids((await client.contacts.listAttachedCompanies({ contact_id })).response.data), new Set([kept.company.id]));
  const said = await client.conversations.find({ conversation_id: kept.conversation });
  assert.strictEqual(said.contacts.contacts[0].id, made.id);
  await refused(client.contacts.mergeLeadInUser({ from: user.id, into: contact_id }), 400,
    'Merging can only be performed on a lead into a user');
  const born = await client.contacts.update({ contact_id: other.id, role: 'user', email: 'lou@example.com' });
  assert.deepStrictEqual([born.id, born.role], [other.id, 'user']);
  const theirs = (await client.contacts.listAttachedSegments({ contact_id: born.id })).data;
  assert.deepStrictEqual(theirs, []); // a change of role leaves signed_up_at empty, as recorded
  assert.strictEqual((await client.contacts.archive({ contact_id: user.id })).archived, true);
  assert.strictEqual((await client.contacts.unarchive({ contact_id: user.id })).archived, false);
  assert.strictEqual((await client.contacts.blockContact({ contact_id: user.id })).blocked, true);
  assert.strictEqual((await client.contacts.delete({ contact_id: born.id })).deleted, true);
  await client.companies.delete({ company_id: kept.company.id });
  await client.tags.delete({ tag_id: kept.tag.id });
}

async function life(first, second, third) {
  const { lead, user } = await visitors(first, second, third);
  const { made, other } = await people(lead, user);
  const kept = await belongings(lead, other, await account());
  await conversions(lead, user, made, other, kept);
  console.log('lived');
}

life(...process.argv.slice(2, 5)).catch((error) => {
  console.error(error.message, JSON.stringify(error.body), error.stack);
  process.exitCode = 1;
});
