#include "accounts/reads.h"

#include "base/try.h"

namespace gk::accounts {

Reads::Reads(std::string path, Post post)
    : post_(std::move(post)),
      connection_(std::make_shared<Connection>(Connection{std::move(path), nullptr})),
      alive_(std::make_shared<const char>('\0')),
      pool_({.threads = 1, .max_queue = 64, .name = "gk-reads"}) {}

Result<void> Reads::Connection::open(store::Database*& out) {
  if (database == nullptr) {
    GK_TRY(database, store::Database::open({.path = path, .read_only = true}));
  }
  out = database.get();
  return {};
}

}  // namespace gk::accounts
