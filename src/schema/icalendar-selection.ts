// Whether an operation wants the iCalendar attachment of the Smart Invites a field gives. Asking a provider for it
// makes the answer many times larger, so it is asked for exactly when `attachments { icalendar }` is selected: through
// fragments, aliases, @include and @skip too.

import { collectSubFields } from '@graphql-tools/utils';
import { type FieldNode, type GraphQLObjectType, type GraphQLResolveInfo, isObjectType } from 'graphql';

export function selectsIcalendar(info: GraphQLResolveInfo): boolean {
  const smartInvite = objectType(info, 'SmartInvite');
  const attachments = objectType(info, 'SmartInviteAttachments');
  const selected = fieldsNamed('attachments', smartInvite, info.fieldNodes, info);
  return fieldsNamed('icalendar', attachments, selected, info).length > 0;
}

function fieldsNamed(
  name: string,
  type: GraphQLObjectType,
  parents: readonly FieldNode[],
  { schema, fragments, variableValues }: GraphQLResolveInfo,
): FieldNode[] {
  const { fields } = collectSubFields(schema, fragments, variableValues, type, [...parents]);
  return [...fields.values()].flat().filter((field) => field.name.value === name);
}

function objectType({ schema }: GraphQLResolveInfo, name: string): GraphQLObjectType {
  const type = schema.getType(name);
  if (!isObjectType(type)) throw new TypeError(`the schema has no object type ${name}`);
  return type;
}
