// The tabs that GraphiQL opens with: working queries for whoever looks around, each with a comment that says what to
// see in it. They name invitations that the sandbox is seeded with.

export const graphiqlTabs = [
  {
    query: `# One query, both providers. Run it (Ctrl-Enter), wait ten seconds,
# and run it again: some of these move on.
query Page {
  invitations(
    refs: [
      { reviewInvitation: { invitationId: "d3d8c966-0356-4ec0-baae-13ec3622ebc2" } }
      { reviewInvitation: { invitationId: "review-moving-1" } }
      { smartInvite: { smartInviteId: "board-meeting", recipientEmail: "cronofy@example.com" } }
      { smartInvite: { smartInviteId: "team-offsite" } }
      { reviewInvitation: { invitationId: "no-such-invitation" } }
    ]
  ) {
    __typename
    id
    provider
    status
    isFinal
    observedAt
    ... on ReviewInvitation {
      invitationId
      deliveryStatus
    }
    ... on SmartInvite {
      event {
        summary
        start { dateTime date timeZone }
      }
      recipients { email status }
    }
  }
}
`,
  },
  {
    query: `# A Smart Invite in full: the reply, the time proposed instead, everybody else's replies, and the ICS.
query OneSmartInvite($id: ID!, $email: String) {
  smartInvite(smartInviteId: $id, recipientEmail: $email) {
    status
    recipient {
      ...Reply
    }
    replies {
      ...Reply
    }
    callbackUrl
    event {
      summary
      description
      start { dateTime date timeZone }
      end { dateTime date timeZone }
      location { description }
    }
    attachments {
      icalendar
    }
  }
}

fragment Reply on SmartInviteReply {
  email
  status
  comment
  proposal {
    start { dateTime date timeZone }
    end { dateTime date timeZone }
  }
}
`,
    variables: JSON.stringify({ id: 'board-meeting', email: 'cronofy@example.com' }, null, 2),
  },
  {
    query: `# Live: leave it running and watch states change as they do; the terminal
# where the gateway was started shows how to make somebody reply.
subscription Live {
  invitationChanged(
    refs: [
      { smartInvite: { smartInviteId: "team-lunch" } }
      { smartInvite: { smartInviteId: "invite-moving-3" } }
      { smartInvite: { smartInviteId: "invite-moving-6" } }
      { reviewInvitation: { invitationId: "review-moving-4" } }
      { reviewInvitation: { invitationId: "review-moving-8" } }
    ]
  ) {
    id
    status
    observedAt
    isStale
    ... on SmartInvite {
      smartInviteId
      recipients { email status comment }
    }
    ... on ReviewInvitation {
      invitationId
      deliveryStatus
    }
  }
}
`,
  },
  {
    query: `# Any object again by its global id, as Relay and normalized caches do. Paste an id from another answer.
query Again($id: ID!) {
  node(id: $id) {
    id
    ... on Invitation {
      status
      observedAt
    }
  }
}
`,
    variables: JSON.stringify(
      { id: 'WyJSZXZpZXdJbnZpdGF0aW9uIiwiZDNkOGM5NjYtMDM1Ni00ZWMwLWJhYWUtMTNlYzM2MjJlYmMyIl0' },
      null,
      2,
    ),
  },
  {
    query: `# Which providers this gateway can ask, and how many calls are left.
query Providers {
  providers {
    provider
    isConfigured
    circuit
    quota { limit remaining resetsAt }
  }
}
`,
  },
];
