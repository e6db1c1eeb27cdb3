// What GraphiQL's own styles leave out: they are made for wide windows. With its documentation open in one of 1280 pixels the
// editor keeps room for the comments of our tabs; on a phone its parts stand below each other, and the documentation
// takes the place of the rest. A tab stays where it is pressed. It is added to GraphiQL's styles
// (@graphql-yoga/render-graphiql 5.24.1), whose names it uses; the page in a browser is its test.

export const OWN_STYLE = `
.graphiql-container .graphiql-logo { white-space: nowrap; }
.graphiql-container .graphiql-tab-add { flex-shrink: 0; }
/* Pressed, a tab would slide in from where it was before the tabs had their titles, and the click would miss it. */
.graphiql-container .graphiql-tab { transform: none !important; }

@media (max-width: 1400px) {
  .graphiql-container .graphiql-query-editor { padding: 16px 8px; column-gap: 8px; }
}

@media (max-width: 1000px) {
  .graphiql-container { height: 100dvh; }
  .graphiql-container:has(> .graphiql-sidebar) { flex-direction: column-reverse; }
  .graphiql-container .graphiql-sidebar { flex-direction: row; width: 100%; padding: 0 8px; flex-shrink: 0; }
  /* The first of those that GraphiQL puts at the other end. */
  .graphiql-container .graphiql-sidebar > button[style*='margin-top'] { margin: 0 0 0 auto !important; }
  .graphiql-container .graphiql-main { min-height: 0; }
  .graphiql-container .graphiql-sessions { margin: 4px; border-radius: 12px; min-height: 0; }
  .graphiql-container .graphiql-logo, .graphiql-container .graphiql-horizontal-drag-bar { display: none; }
  .graphiql-container #graphiql-session { flex-direction: column; min-height: 0; padding: 0; }
  .graphiql-container .graphiql-editors { flex: 3 1 0% !important; min-height: 0; border-radius: 0; }
  .graphiql-container .graphiql-response { flex: 2 1 0% !important; min-height: 0; padding-top: 8px; }
  .graphiql-container .graphiql-query-editor { flex-direction: column; padding: 8px 0; row-gap: 4px; min-height: 0; }
  .graphiql-container .graphiql-query-editor > .graphiql-editor { flex: 1; height: auto; min-height: 0; }
  .graphiql-container .result-window { min-height: 0; }
  /* GraphiQL lets the numbers of an editor's lines hang over, and here they would cover buttons. */
  .graphiql-container .monaco-editor .overflow-guard { overflow: hidden !important; }
  .graphiql-container .graphiql-toolbar { flex-direction: row; width: auto; padding: 0 8px; }
  .graphiql-container .graphiql-editor-tools { padding: 0 8px; }
  .graphiql-container .graphiql-editor-tool { padding: 4px 0; }
  /* Where it is hidden GraphiQL keeps it beside the window. */
  .graphiql-main:has(> .graphiql-plugin:not([style*='-1000px'])) > .graphiql-sessions { display: none; }
  .graphiql-main > .graphiql-plugin:not([style*='-1000px']) { flex: 1 1 100% !important; border: 0; }
}
`;
