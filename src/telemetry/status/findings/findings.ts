// An operator's five questions, answered from the figures alone.

import type { Figures, Finding } from '../report.ts';
import { ageFinding } from './age.ts';
import { faultFinding } from './fault.ts';
import { outlookFinding } from './outlook.ts';
import { refusalsFinding } from './refusals.ts';
import { spendingFinding } from './spending.ts';

export function findingsOf(figures: Figures): readonly Finding[] {
  return [
    faultFinding(figures),
    ageFinding(figures),
    spendingFinding(figures),
    refusalsFinding(figures),
    outlookFinding(figures),
  ];
}
