import { describe } from "vitest";
import { hasPostgres } from "../support/postgres.ts";
import { describeMarks } from "./support/marks.ts";

describe.skipIf(!hasPostgres())("over PostgreSQL (needs npm's server for the platform)", () => {
  describeMarks("postgres");
});
