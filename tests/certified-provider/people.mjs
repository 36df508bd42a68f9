// The people who can sign in: what Logto keeps about each of them.

const created = 1795342374500;

function huggingFaceProfile(person) {
  return {
    id: person.huggingFaceId,
    name: person.name,
    email: person.email,
    avatar: person.picture,
    rawData: {
      sub: person.huggingFaceId,
      name: person.name,
      preferred_username: person.username,
      profile: `https://huggingface.co/${person.username}`,
      picture: person.picture,
      email: person.email,
      email_verified: person.email !== null,
      isPro: false,
      orgs: person.organizations,
    },
  };
}

const people = {
  alice: {
    sub: '8s8claa1vi9z',
    huggingFaceId: '62a1f0c4d5e6f7a8b9c0d1e2',
    username: 'alice-hf',
    name: 'Alice Example',
    email: 'alice@example.test',
    picture: 'https://huggingface.co/avatars/alice.svg',
    roles: ['things-editor'],
    organizations: [
      {
        sub: '5e67bdd61009063689407479',
        name: 'Example Org',
        preferred_username: 'example-org',
        picture: 'https://huggingface.co/avatars/org.png',
        isEnterprise: false,
        canPay: false,
        roleInOrg: 'admin',
        pendingSSO: false,
        missingMFA: false,
      },
    ],
  },
  // Hugging Face told Logto nothing about carol but her identifier.
  carol: {
    sub: 'q3x2n0486a6r',
    huggingFaceId: '62a1f0c4d5e6f7a8b9c0d1e4',
    username: 'carol-hf',
    name: null,
    email: null,
    picture: null,
    roles: [],
    organizations: [],
  },
};

export const names = Object.keys(people);

/** Logto's user identifier of a person. */
export function subjectOf(name) {
  return people[name].sub;
}

/**
 * The claims of an account, as Logto shapes them: unknown profile data is
 * `null` and not absent, times are milliseconds.
 */
export function claimsOf(sub) {
  const person = Object.values(people).find((candidate) => candidate.sub === sub);
  if (!person) {
    return undefined;
  }
  return {
    sub,
    name: person.name,
    picture: person.picture,
    updated_at: created + 400,
    username: null,
    created_at: created,
    email: person.email,
    email_verified: person.email !== null,
    phone_number: null,
    phone_number_verified: false,
    custom_data: {},
    identities: {
      huggingface: { userId: person.huggingFaceId, details: huggingFaceProfile(person) },
    },
    sso_identities: [],
    roles: person.roles,
    organizations: [],
    organization_data: [],
    organization_roles: [],
  };
}
