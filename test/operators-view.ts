// What a gateway shows at its admin port, as text: what is collected of it, and one report of the operators' page.

/** Empty where there is no such port, or no gateway any more. */
export async function operatorsView(adminOrigin: string): Promise<readonly string[]> {
  if (adminOrigin === '') return [];
  const leaving = new AbortController();
  try {
    const { signal } = leaving;
    const [metrics, events] = await Promise.all([
      fetch(`${adminOrigin}/metrics`, { signal }).then((response) => response.text()),
      fetch(`${adminOrigin}/status/events`, { signal }),
    ]);
    return [metrics, await firstOf(events)];
  } catch {
    return [];
  } finally {
    leaving.abort();
  }
}

/** The first event of a stream. */
async function firstOf({ body }: Response): Promise<string> {
  let text = '';
  for await (const chunk of body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes('\n\n')) break;
  }
  return text;
}
