import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

export interface NodeSqliteDialectOptions {
  /** How transactions begin: `immediate` ones hold the database from their start. */
  begin: "immediate" | "deferred";
  /** Called before each commit; what it throws rolls back. */
  beforeCommit?: () => void;
}

/**
 * kysely's dialect for SQLite over Node's own `node:sqlite`.
 *
 * @example
 * const db = new Kysely<Schema>({
 *   dialect: nodeSqliteDialect(new DatabaseSync("journal.db"), { begin: "immediate" }),
 * });
 */
export function nodeSqliteDialect(
  connection: DatabaseSync,
  options: NodeSqliteDialectOptions,
): Dialect {
  return {
    createDriver: () => new NodeSqliteDriver(connection, options),
    createAdapter: () => new NodeSqliteAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

class NodeSqliteAdapter extends SqliteAdapter {
  /** SQLite's is, which kysely does not count on: a migration happens whole or not at all, and once. */
  override get supportsTransactionalDdl() {
    return true;
  }
}

class NodeSqliteDriver extends SqliteDriver {
  readonly #connection: DatabaseSync;
  readonly #options: NodeSqliteDialectOptions;

  constructor(connection: DatabaseSync, options: NodeSqliteDialectOptions) {
    super({ database: adapt(connection) });
    this.#connection = connection;
    this.#options = options;
  }

  override async beginTransaction(connection: DatabaseConnection) {
    await connection.executeQuery(CompiledQuery.raw(`begin ${this.#options.begin}`));
  }

  override async commitTransaction(connection: DatabaseConnection) {
    this.#options.beforeCommit?.();
    await super.commitTransaction(connection);
  }

  /** SQLite has already rolled back after some errors, of which a full disk is one. */
  override async rollbackTransaction(connection: DatabaseConnection) {
    if (this.#connection.isTransaction) await super.rollbackTransaction(connection);
  }
}

/** `node:sqlite` in the form that kysely knows, which is better-sqlite3's. */
function adapt(connection: DatabaseSync): SqliteDatabase {
  const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[];
  return {
    close: () => connection.close(),
    prepare(sql) {
      const statement = connection.prepare(sql);
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...values(parameters)),
        run: (parameters) => statement.run(...values(parameters)),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      };
    },
  };
}
