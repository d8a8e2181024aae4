import { api } from "encore.dev/api";
import { ById, Named } from "./types";

type Both = ById & { line: number };

export const text = api({ path: "/text/:id" }, async (request: { id: string }) => {});
export const number = api({ path: "/number/:id" }, async (request: { id: number }) => {});
export const boolean = api({ path: "/boolean/:id" }, async (request: { id: boolean }) => {});
export const bigint = api({ path: "/bigint/:id" }, async (request: { id: bigint }) => {});
export const imported = api({ path: "/imported/:id" }, async (request: ById) => {});
export const inherited = api({ path: "/inherited/:id" }, async (request: Named) => {});
export const joined = api({ path: "/joined/:id/:line" }, async (request: Both) => {});
export const taken = api({ path: "/taken/:id" }, async ({ id }: ById) => {});
export const argument = api<ById, void>({ path: "/argument/:id" }, async (request) => {});
export const raw = api.raw({ path: "/raw/:id" }, async () => {});
