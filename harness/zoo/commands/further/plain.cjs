// What the Node scripts here share: one request, its answer parsed, anything but 2xx thrown.
exports.ask = async (method, path, body) => {
  const response = await fetch(process.env.INTERCOM_BASE_URL + path, {
    method,
    body: JSON.stringify(body),
    headers: {
      Authorization: `Bearer ${process.env.INTERCOM_ACCESS_TOKEN}`,
      'Content-Type': 'application/json',
      'Intercom-Version': '2.14',
    },
  })
  if (!response.ok) throw new Error(`Intercom answered ${response.status}`)
  return response.json()
}

exports.leadToUser = (lead, user) => {
  if (user.id) return exports.ask('POST', '/contacts/merge', { from: lead, into: user.id })
  const known = user.email ? { email: user.email } : { external_id: user.external_id }
  return exports.ask('PUT', `/contacts/${lead}`, { role: 'user', ...known })
}
