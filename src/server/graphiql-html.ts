// The HTML of the GraphiQL page. The package's own template holds every asset inline; this one names them, and does
// otherwise what that one does (@graphql-yoga/render-graphiql 5.24.1, esm/index.js), but for a phone's width.

import type { GraphiqlAsset, GraphiqlAssets } from './graphiql-assets.ts';

export interface GraphiqlTab {
  readonly query: string;
  /** JSON. */
  readonly variables?: string;
}

/** What a page has of its own. */
export interface GraphiqlPageOptions {
  /** What GraphiQL opens with at a browser's first visit; the first tab is in front. */
  readonly tabs: readonly GraphiqlTab[];
  readonly title: string;
  /** Whether its queries need a token: then its Headers tab holds the place for one. */
  readonly asksForTokens: boolean;
}

/** GraphiQL does not keep it: a token has no place in a browser's storage. */
const TOKEN_HEADER = { headers: '{"authorization": "Bearer "}', shouldPersistHeaders: false };

export function renderPage(assets: GraphiqlAssets, { tabs, title, asksForTokens }: GraphiqlPageOptions): string {
  const workers = {
    editorWorkerService: urlOf(assets.editorWorker),
    json: urlOf(assets.jsonWorker),
    graphql: urlOf(assets.graphqlWorker),
  };
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escapeHtml(title)}</title>
    <link rel="icon" href="${urlOf(assets.icon)}">
    <link rel="stylesheet" href="${urlOf(assets.style)}">
  </head>
  <body class="no-focus-outline">
    <noscript>You need to enable JavaScript to run this app.</noscript>
    <div id="root"></div>
    <script>
      const workers = ${toScript(workers)};
      self.MonacoEnvironment = { globalAPI: false, getWorkerUrl: (moduleId, label) => workers[label] };
    </script>
    <script src="${urlOf(assets.script)}"></script>
    <script>
      // Loaded again, GraphiQL looks for the tab that was in front by the text of its editor. As long as nobody has
      // edited one it remembers none, and would put an empty tab in front.
      function tabInFront() {
        if (localStorage.getItem('graphiql:query') !== null) return {};
        const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem('graphiql:tabState')) ?? {};
        const { query, variables } = tabs?.[activeTabIndex] ?? {};
        return { query, variables };
      }
      YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
        ...tabInFront(),
        ...${toScript({ title, defaultTabs: tabs, ...(asksForTokens ? TOKEN_HEADER : {}) })},
        // By default GraphiQL writes every edit into the page's address as ?query=…, which would then be asked for as
        // an operation when the page is loaded again, and would stand in browsers' histories and proxies' logs.
        onEditQuery() {},
      });
    </script>
  </body>
</html>
`;
}

/** Relative to the page's own address, so that it holds behind a proxy that puts the gateway below a path. */
function urlOf({ file }: GraphiqlAsset): string {
  return `graphql/assets/${file}`;
}

/** JSON that cannot end the script element that it stands in. */
function toScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
