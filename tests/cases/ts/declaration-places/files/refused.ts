import { Bucket } from "encore.dev/storage/objects";

function inFunction() {
  const files = new Bucket("in-function");
}

const inArrow = () => {
  let files = new Bucket("in-arrow");
};

class Store {
  open() {
    const files = new Bucket("in-method");
  }
}

namespace Files {
  export const files = new Bucket("in-namespace");
}

if (process.env.FILES) {
  const files = new Bucket("in-if");
}

for (const name of ["a"]) {
  const files = new Bucket("in-for");
}

try {
  const files = new Bucket("in-try");
} finally {
}

function underscore() {
  const _ = new Bucket("underscore");
}

// The variable whose name Encore takes may also be one that holds a function.
function outer() {
  const make = () => new Bucket("in-a-local-arrow");
}

const { made } = (() => ({ made: new Bucket("in-a-called-arrow") }))();

export const all = [inFunction, inArrow, Store, Files, underscore, outer, made];
