// The page: what comes from the gateway is shown as it comes.

import { showAccounts } from './accounts.js';
import { connect } from './connection.js';
import { showFindings } from './findings.js';
import { showRest } from './rest.js';

connect((report) => {
  showFindings(report.findings);
  showAccounts(report);
  showRest(report);
});
