#include "macros/scripts/lua_process.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/try.h"
#include "macros/scripts/lua_script.h"

namespace gk::macros {
namespace {

LauncherOptions launcher_options(const LuaOptions& options, sys::Fd& child_end) {
  LauncherOptions out = options.launcher;
  out.huge_pages = false;  // It has 32 MiB at most.
  out.lanes = [&child_end](const std::string&, const std::string&) {
    return std::exchange(child_end, sys::Fd());
  };
  return out;
}

}  // namespace

/// A worker that is not yet a script: being spawned, or compiling.
struct LuaWorkers::Start {
  std::string macro_id, name, source;
  JsonValue args{JsonValue::Object{}};
  bool check_only = false;
  ScriptHands hands;
  std::function<void(Result<Launched>)> launched;
  std::function<void(Result<void>)> checked;
  sys::Spawned spawned;
  sys::Fd channel;
  std::string report;
  lua::Reader reader;
  std::unique_ptr<LuaOutbox> outbox;
  net::Handle report_watch, watch, deadline;
};

/// A worker that was killed and is not reaped yet.
struct LuaWorkers::Leaving {
  sys::Spawned spawned;
  net::Handle watch;
};

LuaWorkers::LuaWorkers(LuaOptions options, net::Loop& loop, Log& log, Metrics& metrics)
    : options_(std::move(options)),
      loop_(loop),
      launcher_(launcher_options(options_, child_end_), log, metrics) {}

LuaWorkers::~LuaWorkers() {
  for (const auto& start : starting_) (void)kill_process_macro(start->spawned);
}

void LuaWorkers::launch(const ScriptLaunch& launch, const std::string& source, ScriptHands hands,
                        std::function<void(Result<Launched>)> done) {
  auto start = std::make_unique<Start>();
  start->macro_id = launch.macro_id;
  start->name = launch.script;
  start->source = source;
  start->hands = std::move(hands);
  if (!launch.args_json.empty()) {
    auto args = parse_json(launch.args_json);
    if (!args) return done(Error{Errc::invalid_argument, "args: " + args.error().message});
    start->args = std::move(*args);
  }
  start->launched = std::move(done);
  begin(std::move(start));
}

void LuaWorkers::check(const std::string& name, const std::string& source,
                       std::function<void(Result<void>)> done) {
  if (checks_ >= options_.max_checks) {
    return done(Error{Errc::resource_exhausted, "too many texts are being checked; try again"});
  }
  auto start = std::make_unique<Start>();
  start->macro_id = "check";
  start->name = name;
  start->source = source;
  start->check_only = true;
  start->checked = std::move(done);
  ++checks_;
  begin(std::move(start));
}

Result<void> LuaWorkers::spawn(Start& start) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return sys::file_error("create", "socket pair", errno);
  }
  start.channel = sys::Fd(ends[0]);
  child_end_ = sys::Fd(ends[1]);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  GK_TRY(start.spawned, launcher_.launch(start.macro_id, {options_.launcher.worker, "lua"}, ""));
  return {};
}

void LuaWorkers::begin(std::unique_ptr<Start> start) {
  Start& s = *start;
  starting_.push_back(std::move(start));
  if (const auto spawned = spawn(s); !spawned) return finish(s, spawned.error());
  s.report.clear();
  s.report_watch = loop_.watch_readable(s.spawned.report.get(), [this, &s] { on_report(s); });
  s.deadline = loop_.after(options_.start_deadline, [this, &s] {
    finish(s, Error{Errc::deadline_exceeded, "the worker did not start in time"});
  });
}

// Bytes of the report say what failed; its end says that the worker's program runs.
void LuaWorkers::on_report(Start& start) {
  std::array<char, 512> buffer;
  const ssize_t n = ::read(start.spawned.report.get(), buffer.data(), buffer.size());
  if (n > 0) {
    start.report.append(buffer.data(), static_cast<std::size_t>(n));
    return;
  }
  start.report_watch = {};
  if (const std::size_t at = start.report.find("E "); at != std::string::npos) {
    const std::string why = start.report.substr(at + 2, start.report.find('\n', at) - at - 2);
    if (!launcher_.weaken(start.spawned.mode, why)) {
      return finish(start, Error{Errc::unavailable, "the script cannot be confined: " + why});
    }
    reap_later(std::exchange(start.spawned, {}));
    const auto it = std::find_if(starting_.begin(), starting_.end(),
                                 [&](const auto& one) { return one.get() == &start; });
    std::unique_ptr<Start> again = std::move(*it);
    starting_.erase(it);
    return begin(std::move(again));
  }
  start.outbox = std::make_unique<LuaOutbox>(start.channel.get(), loop_);
  (void)start.outbox->put(lua::start_frame(start.check_only, start.name, start.source, start.args));
  start.watch = loop_.watch_readable(start.channel.get(), [this, &start] { on_bytes(start); });
}

void LuaWorkers::on_bytes(Start& start) {
  std::array<char, 16 * 1024> buffer;
  const ssize_t n = ::read(start.channel.get(), buffer.data(), buffer.size());
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    return finish(start, Error{Errc::unavailable, "the worker ended before the script began"});
  }
  start.reader.append({buffer.data(), static_cast<std::size_t>(n)});
  auto message = start.reader.next();
  if (!message) return finish(start, message.error());
  if (!*message) return;
  const auto* ready = std::get_if<lua::Ready>(&**message);
  if (ready == nullptr) {
    return finish(start, Error{Errc::invalid_argument, "the worker began before it was told to"});
  }
  finish(start, ready->worked ? Result<void>()
                              : Result<void>(Error{start.check_only ? Errc::invalid_argument
                                                                    : Errc::failed_precondition,
                                                   ready->reason}));
}

void LuaWorkers::finish(Start& start, Result<void> result) {
  const auto it = std::find_if(starting_.begin(), starting_.end(),
                               [&](const auto& one) { return one.get() == &start; });
  const std::unique_ptr<Start> own = std::move(*it);  // Until the end of this function.
  starting_.erase(it);
  own->report_watch = {};
  own->watch = {};
  own->deadline = {};
  if (own->check_only) --checks_;
  if (!result || own->check_only) {
    if (own->spawned.process) reap_later(std::move(own->spawned));
    if (own->check_only) return own->checked(std::move(result));
    return own->launched(result.error());
  }
  sys::Fd control(::fcntl(own->spawned.control.get(), F_DUPFD_CLOEXEC, 0));
  auto script = std::make_unique<LuaScript>(std::move(own->channel), std::move(control),
                                            std::move(own->reader), std::move(own->hands), loop_);
  own->launched(Launched{std::move(script), std::move(own->spawned)});
}

void LuaWorkers::reap_later(sys::Spawned spawned) {
  (void)kill_process_macro(spawned);
  auto leaving = std::make_unique<Leaving>();
  leaving->spawned = std::move(spawned);
  Leaving& one = *leaving;
  leaving_.push_back(std::move(leaving));
  one.watch = loop_.watch_readable(one.spawned.process.fd(), [this, &one] {
    (void)one.spawned.process.try_reap();
    leaving_.remove_if([&](const auto& other) { return other.get() == &one; });
  });
}

}  // namespace gk::macros
