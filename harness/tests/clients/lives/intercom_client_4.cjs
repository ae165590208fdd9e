'use strict';
// A whole life in API 2.x with npm intercom-client 4 (axios, Basic, no version header), through its own methods:
// node intercom_client_4.cjs VISITOR… Three visitors are given by their user_id, a fourth by its id.
const assert = require('node:assert');
const { Client } = require('intercom-client-4');

const client = new Client({ tokenAuth: { token: process.env.INTERCOM_ACCESS_TOKEN } });
client.useRequestOpts({ baseURL: process.env.INTERCOM_BASE_URL });

const refused = async (promise, status, message) => {
  const error = await promise.then(() => assert.fail('this was to be refused'), (caught) => caught);
  assert.deepStrictEqual([error.statusCode, error.message], [status, message]);
};

async function visitors(first, second, third) {
  const visitor = await client.visitors.find({ userId: first });
  assert.strictEqual(visitor.type, 'visitor');
  await refused(client.visitors.find({ userId: 'nobody' }), 404, 'Visitor Not Found');
  assert.strictEqual((await client.visitors.update({ userId: first, name: 'Vera' })).name, 'Vera');
  const lead = await client.visitors.mergeToContact({ type: 'lead', user: {}, visitor: { userId: first } });
  assert.deepStrictEqual([lead.role, lead.id, lead.external_id], ['lead', visitor.id, first]);
  const convert = (userId) =>
    client.visitors.mergeToContact({ type: 'user', user: { email: 'uma@example.com' }, visitor: { userId } });
  const user = await convert(second);
  assert.deepStrictEqual([user.role, user.email, user.external_id], ['user', 'uma@example.com', null]);
  assert.strictEqual((await convert(third)).id, user.id);
  await refused(convert(third), 404, 'Visitor Not Found');
  return { lead, user };
}

async function people(lead, user) {
  const attribute = await client.dataAttributes.create({ name: 'plan', model: 'contact', dataType: 'string' });
  assert.strictEqual((await client.dataAttributes.update({ id: attribute.id, description: 'what they pay' })).id, attribute.id);
  const { data } = await client.dataAttributes.list({ model: 'contact' });
  assert.ok(data.some((one) => one.name === 'plan'));
  const made = await client.contacts.createUser({ externalId: 'u-1', email: 'ugo@example.com', customAttributes: { plan: 'pro' } });
  await refused(client.contacts.createUser({ externalId: 'u-1' }), 409,
    `A contact matching those details already exists with id=${made.id}`);
  const other = await client.contacts.createLead({ name: 'Lou' });
  assert.strictEqual((await client.contacts.update({ id: lead.id, email: 'lea@example.com' })).email, 'lea@example.com');
  assert.strictEqual((await client.contacts.find({ id: lead.id })).name, 'Vera');
  const found = await client.contacts.search({
    data: { query: { operator: 'AND', value: [{ field: 'role', operator: '=', value: 'user' }] },
      sort: { field: 'created_at', order: 'ascending' }, pagination: { per_page: 5 } } });
  assert.deepStrictEqual(new Set(found.data.map((one) => one.id)), new Set([user.id, made.id]));
  const ids = [];
  let page = await client.contacts.list({ perPage: 3 });
  for (;;) {
    ids.push(...page.data.map((one) => one.id));
    if (!page.pages.next) break;
    page = await client.contacts.list({ perPage: 3, startingAfter: page.pages.next.starting_after });
  }
  assert.deepStrictEqual(new Set(ids), new Set([lead.id, user.id, made.id, other.id]));
  return { made, other };
}

async function belongings(lead, other, adminId) {
  const tag = await client.tags.create({ name: 'vip' });
  assert.strictEqual((await client.tags.list()).data.length, 1);
  await client.tags.tagContact({ contactId: lead.id, tagId: tag.id });
  assert.strictEqual((await client.contacts.listAttachedTags({ id: lead.id })).data[0].name, 'vip');
  await client.tags.untagContact({ contactId: lead.id, tagId: tag.id });
  await client.tags.tagContact({ contactId: lead.id, tagId: tag.id });
  const note = await client.notes.create({ adminId, body: 'Called', contactId: lead.id });
  assert.strictEqual((await client.notes.find({ id: note.id })).body, '<p>Called</p>');
  assert.strictEqual((await client.notes.list({ contactId: lead.id })).data[0].id, note.id);
  const company = await client.companies.create({ companyId: 'c-1', name: 'Acme', plan: 'gold' });
  assert.strictEqual((await client.companies.find({ companyId: 'c-1' })).id, company.id);
  assert.strictEqual((await client.companies.update({ companyId: company.id, name: 'Acme Ltd' })).name, 'Acme Ltd');
  await client.tags.tagCompanies({ tagName: 'vip', companiesIds: [company.id] });
  assert.strictEqual((await client.companies.find({ companyId: 'c-1' })).tags.tags[0].id, tag.id);
  await client.tags.untagCompanies({ tagName: 'vip', companiesIds: [company.id] });
  await client.companies.attachContact({ contactId: lead.id, companyId: company.id });
  assert.strictEqual((await client.contacts.listAttachedCompanies({ id: lead.id })).data[0].id, company.id);
  assert.strictEqual((await client.companies.listAttachedContacts({ companyId: company.id })).data[0].id, lead.id);
  assert.strictEqual((await client.companies.listAttachedSegments({ companyId: company.id })).type, 'list');
  assert.strictEqual((await client.companies.list({})).data.length, 1);
  assert.strictEqual((await client.companies.scroll.each({})).length, 1);
  await client.companies.detachContact({ contactId: other.id, companyId: company.id }).catch(() => {});
  assert.deepStrictEqual((await client.contacts.listAttachedSegments({ id: lead.id })).data, []);
  assert.strictEqual((await client.contacts.listAttachedEmailSubscriptions({ id: lead.id })).type, 'list');
  assert.ok((await client.subscriptions.listTypes()).data.length > 0);
  return { tag, note, company, conversation: await conversations(lead, other, adminId, tag) };
}

async function conversations(lead, other, adminId, tag) {
  const said = await client.messages.create({ messageType: 'inapp', body: 'Hello', from: { type: 'admin', id: adminId }, to: { type: 'lead', id: lead.id } });
  assert.strictEqual(said.type, 'admin_message');
  const asked = await client.post({ url: '/conversations', data: { from: { type: 'lead', id: lead.id }, body: 'Do you ship?' } });
  const id = asked.conversation_id;
  const attachmentUrls = ['https://www.example.com/parcel.png'];
  const shown = await client.conversations.replyByIdAsUser({ id, body: 'Hello?', intercomUserId: lead.id, attachmentUrls });
  const [part] = shown.conversation_parts.conversation_parts;
  assert.deepStrictEqual([part.attachments[0].name, part.attachments[0].content_type], ['parcel.png', 'image/png']);
  await client.conversations.replyByIdAsAdmin({ id, adminId, messageType: 'comment', body: 'We do' });
  await client.conversations.replyByLastAsUser({ body: 'Thanks', intercomUserId: lead.id });
  await client.conversations.close({ id, adminId });
  const assigned = await client.conversations.assign({ id, type: 'admin', adminId, assigneeId: adminId });
  assert.deepStrictEqual([assigned.state, String(assigned.admin_assignee_id)], ['open', adminId]);
  const [team] = (await client.teams.list()).teams;
  const members = (await client.teams.find({ id: team.id })).admin_ids;
  assert.deepStrictEqual([members.length, members[0]], [2, Number(adminId)]);
  await client.conversations.assign({ id, type: 'team', adminId, assigneeId: team.id });
  assert.strictEqual((await client.conversations.snooze({ id, adminId, snoozedUntil: 2000000000 })).state, 'snoozed');
  assert.strictEqual((await client.conversations.open({ id, adminId })).state, 'open');
  const redacted = await client.conversations.redactConversationPart({ conversationId: id, conversationPartId: part.id, type: 'conversation_part' });
  assert.deepStrictEqual([String(redacted.team_assignee_id), redacted.conversation_parts.conversation_parts[0].redacted], [team.id, true]);
  assert.strictEqual((await client.conversations.update({ id, markRead: true })).read, true);
  await client.conversations.attachContactAsAdmin({ id, adminId, customer: { intercomUserId: other.id } });
  await client.conversations.detachContactAsAdmin({ conversationId: id, contactId: other.id, adminId });
  await client.tags.tagConversation({ conversationId: id, tagId: tag.id, adminId });
  assert.strictEqual((await client.conversations.find({ id })).tags.tags[0].name, 'vip');
  await client.tags.untagConversation({ conversationId: id, tagId: tag.id, adminId });
  assert.strictEqual((await client.conversations.list({})).conversations.length, 2);
  const found = await client.conversations.search({
    data: { query: { operator: 'AND', value: [{ field: 'contact_ids', operator: '=', value: lead.id }] } } });
  assert.strictEqual(found.total_count, 2);
  await client.events.create({ eventName: 'asked', createdAt: 1, id: lead.id });
  assert.strictEqual((await client.events.listBy({ intercomUserId: lead.id })).events.length, 1);
  return id;
}

async function account() {
  const { admins } = await client.admins.list();
  assert.strictEqual((await client.admins.find({ id: admins[0].id })).id, admins[0].id);
  const { segments } = await client.segments.list({ includeCount: true });
  assert.deepStrictEqual(segments.map((one) => [one.name, one.count]), [['Active', 1], ['New', 1], ['Slipping Away', 0]]);
  assert.strictEqual((await client.segments.find({ id: segments[0].id, includeCount: true })).count, 1);
  return admins[0].id;
}

async function conversions(lead, user, made, other, kept) {
  const merged = await client.contacts.mergeLeadInUser({ leadId: lead.id, userId: made.id });
  assert.deepStrictEqual([merged.id, merged.role, merged.email], [made.id, 'user', 'ugo@example.com']);
  await refused(client.contacts.find({ id: lead.id }), 404, 'User Not Found');
  assert.strictEqual((await client.notes.list({ contactId: made.id })).data[0].id, kept.note.id);
  assert.strictEqual((await client.contacts.listAttachedTags({ id: made.id })).data[0].id, kept.tag.id);
  assert.strictEqual((await client.contacts.listAttachedCompanies({ id: made.id })).data[0].id, kept.company.id);
  assert.strictEqual((await client.conversations.find({ id: kept.conversation })).contacts.contacts[0].id, made.id);
  await refused(client.contacts.mergeLeadInUser({ leadId: user.id, userId: made.id }), 400,
    'Merging can only be performed on a lead into a user');
  const born = await client.contacts.update({ id: other.id, role: 'user', email: 'lou@example.com' });
  assert.deepStrictEqual([born.id, born.role], [other.id, 'user']);
  const theirs = (await client.contacts.listAttachedSegments({ id: born.id })).data;
  assert.deepStrictEqual(theirs, []); // a change of role leaves signed_up_at empty, as recorded
  assert.strictEqual((await client.contacts.archive({ id: user.id })).archived, true);
  assert.strictEqual((await client.contacts.unarchive({ id: user.id })).archived, false);
  assert.strictEqual((await client.contacts.delete({ id: born.id })).deleted, true);
  await client.companies.delete({ id: kept.company.id });
  await client.tags.delete({ id: kept.tag.id });
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
