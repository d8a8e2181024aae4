export declare const types: string;
