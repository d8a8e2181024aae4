export interface Empty {}
