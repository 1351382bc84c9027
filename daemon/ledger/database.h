#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

/// SQLite's C interface with owners and Results. One thread at a time. Errors carry SQLite's own words and the errno
/// that comes nearest: EUCLEAN of a damaged file or one that is no database, ENOSPC, EBUSY, EROFS. The caller adds the
/// path.
namespace benchd::ledger {

/// A prepared statement: bind, then step until it says false; begin() makes it ready for the next time. Must not
/// outlive its database.
class Statement {
 public:
  Statement() = default;

  /// Ready to be bound and run anew; parameters are 0, then set in the order of the calls.
  Statement& begin();
  Statement& bind(int64_t value);
  Statement& bind(uint64_t value) { return bind(static_cast<int64_t>(value)); }
  Statement& bind(double value);
  Statement& bind_null();
  /// The text must live until the statement has run.
  Statement& bind(std::string_view text);

  /// True = there is a row, false = done. What went wrong with a bind is said here.
  base::Result<bool> step();
  /// Runs a statement that gives no rows.
  base::Result<base::Done> run();

  bool is_null(int column) const;
  int64_t integer(int column) const;
  uint64_t counter(int column) const { return static_cast<uint64_t>(integer(column)); }
  double real(int column) const;
  std::string text(int column) const;

 private:
  friend class Database;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
  int next_ = 1;
};

/// A connection to one database file, made if it is not there (mode by the umask).
class Database {
 public:
  static base::Result<Database> open(const std::string& path);
  /// A file that is there, for reading alone: beside a process that writes to it, and also where this one may write
  /// neither to the file nor to its directory.
  static base::Result<Database> open_read_only(const std::string& path);

  base::Result<Statement> prepare(const char* sql);
  /// Any number of statements without parameters and rows.
  base::Result<base::Done> execute(const char* sql);
  /// The first column of the first row, as a number.
  base::Result<int64_t> integer(const char* sql);
  /// Rows that the last INSERT, UPDATE or DELETE changed.
  uint64_t changes() const;
  /// The number that the last INSERT gave its row.
  int64_t last_number() const;
  /// From now on SQLite makes no checkpoints by itself, and log_pages() says after each commit how many pages the
  /// write-ahead log has.
  void watch_log();
  int log_pages() const { return log_pages_ ? *log_pages_ : 0; }

 private:
  struct Closer {
    void operator()(sqlite3* connection) const;
  };
  explicit Database(sqlite3* connection) : connection_(connection) {}
  std::unique_ptr<int> log_pages_;  ///< SQLite writes to it: before the connection, so that it goes after
  std::unique_ptr<sqlite3, Closer> connection_;
};

/// BEGIN IMMEDIATE; whatever is not committed when it goes is rolled back.
class Transaction {
 public:
  static base::Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  base::Result<base::Done> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;  ///< null once over
};

}  // namespace benchd::ledger
