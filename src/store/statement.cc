#include "store/database_impl.h"

namespace gk::store {
namespace {

sqlite3_stmt* raw(void* handle) { return static_cast<sqlite3_stmt*>(handle); }

}  // namespace

Statement& Statement::note(int index, int code) {
  if (code != SQLITE_OK && failed_code_ == SQLITE_OK) {
    failed_bind_ = index;
    failed_code_ = code;
  }
  return *this;
}

Statement& Statement::bind_integer(int index, std::int64_t value) {
  return note(index, sqlite3_bind_int64(raw(handle_), index, value));
}

Statement& Statement::bind(int index, double value) {
  return note(index, sqlite3_bind_double(raw(handle_), index, value));
}

Statement& Statement::bind(int index, std::string_view value) {
  // An empty view may have a null pointer, which SQLite would take for NULL.
  const char* data = value.empty() ? "" : value.data();
  return note(index, sqlite3_bind_text64(raw(handle_), index, data, value.size(), SQLITE_TRANSIENT,
                                         SQLITE_UTF8));
}

Statement& Statement::bind_blob(int index, std::span<const std::uint8_t> value) {
  if (value.empty()) return note(index, sqlite3_bind_zeroblob(raw(handle_), index, 0));
  return note(index, sqlite3_bind_blob64(raw(handle_), index, value.data(), value.size(),
                                         SQLITE_TRANSIENT));
}

Statement& Statement::bind_null(int index) {
  return note(index, sqlite3_bind_null(raw(handle_), index));
}

Statement& Statement::bind_value(int index, const Value& value) {
  if (const auto* i = std::get_if<std::int64_t>(&value)) return bind_integer(index, *i);
  if (const auto* d = std::get_if<double>(&value)) return bind(index, *d);
  if (const auto* s = std::get_if<std::string>(&value)) return bind(index, std::string_view(*s));
  if (const auto* b = std::get_if<Blob>(&value)) return bind_blob(index, *b);
  return bind_null(index);
}

Result<bool> Statement::step() {
  if (failed_code_ != SQLITE_OK) {
    return Error{Errc::internal, owner_->path() + ": cannot bind $" + std::to_string(failed_bind_) +
                                     " of \"" + sqlite3_sql(raw(handle_)) +
                                     "\": " + sqlite3_errstr(failed_code_)};
  }
  const int code = sqlite3_step(raw(handle_));
  if (code == SQLITE_ROW) {
    if (!on_row_) ++owner_->impl_->on_row;
    on_row_ = true;
    return true;
  }
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  Error error = owner_->impl_->error(code, "running a statement");
  if (error.code == Errc::internal)
    error.message += std::string(" in ") + sqlite3_sql(raw(handle_));
  reset();
  return error;
}

Result<void> Statement::run() {
  for (;;) {
    auto more = step();
    if (!more) return std::move(more).error();
    if (!*more) return {};
  }
}

void Statement::reset() {
  if (on_row_) --owner_->impl_->on_row;
  on_row_ = false;
  sqlite3_reset(raw(handle_));  // Repeats the error of the last step, which was reported there.
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(raw(handle_), column);
}

double Statement::real(int column) const { return sqlite3_column_double(raw(handle_), column); }

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(raw(handle_), column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(raw(handle_), column))};
}

Blob Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(raw(handle_), column));
  if (data == nullptr) return {};
  return {data, data + sqlite3_column_bytes(raw(handle_), column)};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(raw(handle_), column) == SQLITE_NULL;
}

Value Statement::value(int column) const {
  switch (sqlite3_column_type(raw(handle_), column)) {
    case SQLITE_INTEGER: return integer(column);
    case SQLITE_FLOAT: return real(column);
    case SQLITE_TEXT: return std::string(text(column));
    case SQLITE_BLOB: return blob(column);
    default: return std::monostate{};
  }
}

}  // namespace gk::store
