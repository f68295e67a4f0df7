// store_open_bench: how long Database::open and migrate take on an existing file, on a new one, and
// after a crash (with quick_check).
//
//   store_open_bench [--dir D] [--runs N] [--rows N]
//
// Prints one JSON object a case, in microseconds: median and 90th percentile.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>

#include "base/clock.h"
#include "store/database.h"
#include "store/migrations.h"

namespace {

namespace fs = std::filesystem;
using gk::store::Database;

constexpr std::array kSteps = {
    gk::store::Migration{1, "users",
                         "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT UNIQUE) STRICT"},
    gk::store::Migration{2, "log",
                         "CREATE TABLE log(id INTEGER PRIMARY KEY, at INTEGER, what TEXT) STRICT; "
                         "CREATE INDEX log_at ON log(at)"},
};

std::unique_ptr<Database> start(const std::string& path) {
  auto db = Database::open({.path = path}).value();
  const gk::store::RoomMigrations rooms[] = {{"bench", kSteps}};
  gk::store::migrate(*db, rooms, gk::WallTime()).value();
  return db;
}

void fill(Database& db, int rows) {
  db.execute("BEGIN").value();
  for (int i = 0; i < rows; ++i) {
    auto* insert = db.query("INSERT INTO log(at, what) VALUES($1, $2)").value();
    insert->bind(1, i).bind(2, "player 17 moved to 4.5, 2.25 and said nothing").run().value();
  }
  db.execute("COMMIT").value();
}

void copy(const std::string& from, const std::string& to) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    fs::remove(to + suffix);
    if (fs::exists(from + suffix)) fs::copy_file(from + suffix, to + suffix);
  }
}

void measure(const char* what, int runs, const std::string& path,
             const std::function<void()>& prepare) {
  const gk::SystemClock clock;
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    prepare();
    const gk::MonoTime begin = clock.mono();
    const auto db = start(path);
    times.push_back(std::chrono::duration<double, std::micro>(clock.mono() - begin).count());
  }
  std::sort(times.begin(), times.end());
  std::printf("{\"open\":\"%s\",\"n\":%d,\"p50_us\":%.0f,\"p90_us\":%.0f,\"bytes\":%llu}\n", what,
              runs, times[times.size() / 2], times[times.size() * 9 / 10],
              static_cast<unsigned long long>(fs::file_size(path)));
}

}  // namespace

int main(int argc, char** argv) {
  std::string dir = ".";
  int runs = 51, rows = 100'000;
  CLI::App app("Time from the path to a migrated database");
  app.add_option("--dir", dir, "On a real disk");
  app.add_option("--runs", runs);
  app.add_option("--rows", rows, "In the file that is opened");
  CLI11_PARSE(app, argc, argv);
  const fs::path home = fs::path(dir) / "store-open-bench";
  fs::remove_all(home);
  fs::create_directories(home);
  const std::string path = home / "a.db", crashed = home / "crashed.db";
  measure("new", runs, path, [&] {
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path + suffix);
  });
  fill(*start(path), rows);
  measure("existing", runs, path, [] {});
  {
    const auto db = start(path);
    fill(*db, 100);
    copy(path, crashed);
  }
  measure("after a crash", runs, path, [&] { copy(crashed, path); });
  fs::remove_all(home);
  return 0;
}
