#include "daemon/ledger/database.h"

#include <cerrno>

#include <sqlite3.h>
#include <unistd.h>

namespace benchd::ledger {
namespace {

using base::Done;
using base::Error;
using base::Result;

constexpr int kReaderWaits = 10'000;  // milliseconds

/// The errno that comes nearest, so that callers can tell a full disk from a damaged file.
int errno_of(sqlite3* connection) {
  switch (sqlite3_errcode(connection)) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return EUCLEAN;
    case SQLITE_FULL:
      return ENOSPC;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return EBUSY;
    case SQLITE_READONLY:
      return EROFS;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
      return sqlite3_system_errno(connection);
    default:
      return 0;
  }
}

Error error_of(sqlite3* connection) {
  return {.code = errno_of(connection), .attempt = sqlite3_errmsg(connection)};
}

/// A path with what a URI gives a meaning to escaped.
std::string uri_of(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      constexpr const char* kHex = "0123456789ABCDEF";
      uri.append({'%', kHex[static_cast<unsigned char>(c) >> 4], kHex[static_cast<unsigned char>(c) & 15]});
    } else {
      uri += c;
    }
  }
  return uri;
}

}  // namespace

void Statement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement& Statement::begin() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  next_ = 1;
  return *this;
}

Statement& Statement::bind(int64_t value) {
  sqlite3_bind_int64(statement_.get(), next_++, value);
  return *this;
}

Statement& Statement::bind(double value) {
  sqlite3_bind_double(statement_.get(), next_++, value);
  return *this;
}

Statement& Statement::bind_null() {
  ++next_;  // null is what clear_bindings left
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  sqlite3_bind_text(statement_.get(), next_++, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return error_of(sqlite3_db_handle(statement_.get()));
}

Result<Done> Statement::run() {
  const Result<bool> stepped = step();
  const bool ok = stepped.ok();
  sqlite3_reset(statement_.get());  // a statement left in the middle would hold the transaction open
  if (!ok) return stepped.error();
  return Done{};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_.get(), column);
  if (bytes == nullptr) return "";
  return {reinterpret_cast<const char*>(bytes), static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void Database::Closer::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}

Result<Database> Database::open(const std::string& path) {
  sqlite3* connection = nullptr;
  // NOMUTEX: one thread at a time is the contract. SQLite opens with O_CLOEXEC.
  const int code = sqlite3_open_v2(path.c_str(), &connection,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(connection);  // also after a failure, whose message it holds
  if (code != SQLITE_OK) return error_of(connection);
  return database;
}

Result<Database> Database::open_read_only(const std::string& path) {
  const auto attempt = [](const std::string& uri) -> Result<Database> {
    sqlite3* connection = nullptr;
    const int code = sqlite3_open_v2(uri.c_str(), &connection,
                                     SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
    Database database(connection);
    if (code != SQLITE_OK) return error_of(connection);
    // A writer that opens the database after a crash, or closes it, has it to itself for a moment.
    sqlite3_busy_timeout(connection, kReaderWaits);
    // SQLite opens the write-ahead log at the first statement only.
    if (const auto looked = database.integer("SELECT count(*) FROM sqlite_schema"); !looked.ok()) return looked.error();
    return database;
  };
  const std::string uri = uri_of(path);
  Result<Database> database = attempt(uri + "?mode=ro");
  if (database.ok() || ::access((path + "-wal").c_str(), F_OK) == 0) return database;
  // Nobody has it open, and the log's index, which even a reader wants, cannot be made here: then the file is all there
  // is.
  Result<Database> unchanging = attempt(uri + "?mode=ro&immutable=1");
  return unchanging.ok() ? std::move(unchanging) : std::move(database);
}

Result<Statement> Database::prepare(const char* sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return error_of(connection_.get());
  Statement statement;
  statement.statement_.reset(prepared);
  return statement;
}

Result<Done> Database::execute(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return error_of(connection_.get());
  return Done{};
}

Result<int64_t> Database::integer(const char* sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement.ok()) return statement.error();
  const Result<bool> row = statement->step();
  if (!row.ok()) return row.error();
  return *row ? statement->integer(0) : 0;
}

uint64_t Database::changes() const {
  return static_cast<uint64_t>(sqlite3_changes64(connection_.get()));
}

int64_t Database::last_number() const {
  return sqlite3_last_insert_rowid(connection_.get());
}

void Database::watch_log() {
  log_pages_ = std::make_unique<int>(0);
  const auto note = [](void* log_pages, sqlite3*, const char*, int pages) {
    *static_cast<int*>(log_pages) = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(connection_.get(), note, log_pages_.get());
}

Result<Transaction> Transaction::begin(Database& database) {
  // IMMEDIATE takes the write lock now: it fails before anything is done, not in the middle.
  const Result<Done> begun = database.execute("BEGIN IMMEDIATE");
  if (!begun.ok()) return begun.error();
  return Transaction(database);
}

Transaction::~Transaction() {
  // A full disk has SQLite roll back by itself; then this fails, and may.
  if (database_ != nullptr) (void)database_->execute("ROLLBACK");
}

Result<Done> Transaction::commit() {
  Result<Done> committed = database_->execute("COMMIT");
  if (committed.ok()) database_ = nullptr;
  return committed;
}

}  // namespace benchd::ledger
