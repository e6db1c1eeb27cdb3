// The schema, gathered from its files: importing one adds its types to the builder.

import './scalars.ts';
import './invitation.ts';
import './review-invitation.ts';
import './smart-invite.ts';
import './provider-status.ts';
import './subscription.ts';
import { builder } from './builder.ts';

export const schema = builder.toSchema();
