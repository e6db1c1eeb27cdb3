// The page with Apollo Client.

import { ApolloProvider } from '@apollo/client/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { client } from './apollo.ts';
import { Board } from './board.tsx';
import { REFS } from './refs.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no #root.');
createRoot(root).render(
  <StrictMode>
    <ApolloProvider client={client}>
      <Board refs={REFS} />
    </ApolloProvider>
  </StrictMode>,
);
