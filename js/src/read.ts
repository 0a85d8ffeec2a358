/** Readers that turn `unknown` into typed values, or say what was wrong. */

import { ProtocolError } from "./arrays";

export type Fields = Readonly<Record<string, unknown>>;

export type Reader<T> = (value: unknown, where: string) => T;

function wrong(where: string, expected: string): never {
  throw new ProtocolError(`${where} should be ${expected}`);
}

export function fields(value: unknown, where: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return wrong(where, "an object");
  }
  return value as Fields;
}

export function text(value: unknown, where: string): string {
  return typeof value === "string" ? value : wrong(where, "text");
}

export function number(value: unknown, where: string): number {
  return typeof value === "number" && Number.isFinite(value) ? value : wrong(where, "a number");
}

export function integer(value: unknown, where: string): number {
  return Number.isSafeInteger(value) ? (value as number) : wrong(where, "an integer");
}

export function truth(value: unknown, where: string): boolean {
  return typeof value === "boolean" ? value : wrong(where, "true or false");
}

export function list<T>(value: unknown, where: string, item: Reader<T>): readonly T[] {
  if (!Array.isArray(value)) return wrong(where, "a list");
  return value.map((entry: unknown, position) => item(entry, `${where}[${position}]`));
}

export function nullable<T>(value: unknown, where: string, item: Reader<T>): T | null {
  return value === null || value === undefined ? null : item(value, where);
}

export function listOf<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, where) => list(value, where, item);
}

export function orNull<T>(item: Reader<T>): Reader<T | null> {
  return (value, where) => nullable(value, where, item);
}

/** Reads an object whose fields are read each in its own way. */
export function record<T>(readers: { readonly [K in keyof T]: Reader<T[K]> }): Reader<T> {
  return (value, where) => {
    const found = fields(value, where);
    const result = {} as T;
    for (const name in readers) result[name] = readers[name](found[name], `${where}.${name}`);
    return result;
  };
}
