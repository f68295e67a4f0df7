#include "worker/lua_program.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <lua.hpp>

#include "worker/lua_api.h"
#include "worker/lua_channel.h"
#include "worker/lua_sandbox.h"
#include "worker/syscall_filter.h"

namespace gk::worker {
namespace {

constexpr rlim_t kAddressSpace = rlim_t{256} << 20;  // Source: chosen; eight times Lua's own cap
constexpr rlim_t kFiles = 16;                        // Source: chosen; it can open none anyway
constexpr rlim_t kCpuSeconds = 86'400;    // Source: the longest max_duration of a profile
constexpr std::size_t kMaxReason = 4096;  // Source: lua_protocol.cc, kMaxText
constexpr int kConfinement = 126;         // Source: supervisor.h

void on_terminate(int) { interrupt_sandbox(); }

bool confine() {
  // Whoever supervises it ends with the daemon; a script that never looks must end with both.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const struct rlimit space{kAddressSpace, kAddressSpace}, files{kFiles, kFiles}, none{0, 0},
      cpu{kCpuSeconds, kCpuSeconds};
  if (::setrlimit(RLIMIT_AS, &space) != 0 || ::setrlimit(RLIMIT_NOFILE, &files) != 0 ||
      ::setrlimit(RLIMIT_CPU, &cpu) != 0 || ::setrlimit(RLIMIT_NPROC, &none) != 0 ||
      ::setrlimit(RLIMIT_CORE, &none) != 0) {
    return false;
  }
  struct sigaction action{};
  action.sa_handler = on_terminate;  // No SA_RESTART: what waits is to notice.
  if (::sigaction(SIGTERM, &action, nullptr) != 0) return false;
  for (int fd = 0; fd < 3; ++fd) ::close(fd);
  return install_syscall_filter();
}

void tell(ToDaemon kind, bool worked, const char* text) {
  OutFrame frame = open_frame(kind);
  put_byte(frame, worked ? 1 : 0);
  put_text(frame, text, ::strnlen(text, kMaxReason));
  send_frame(frame);
}

const char* message_at_top(lua_State* lua) {
  const char* text = lua_tostring(lua, -1);
  return text != nullptr ? text : "an error that is no text";
}

/// Waits for one frame of `kind`; the daemon sends nothing else then.
InFrame wait_for(FromDaemon kind) {
  InFrame frame;
  while (receive_frame(frame, -1) != Received::frame || frame.kind != kind) {
    if (interrupted()) ::_exit(0);
  }
  return frame;
}

struct Start {
  InFrame args;
};

int call_open_api(lua_State* lua) {
  open_api(lua, static_cast<Start*>(lua_touserdata(lua, 1))->args);
  return 0;
}

int call_serve(lua_State* lua) {
  serve_handlers(lua);
  return 0;
}

/// Opens the API and compiles; the function is left on the stack. False: the message is.
bool prepare(lua_State* lua, InFrame frame, bool& check_only) {
  std::uint8_t check = 0;
  const char *name = nullptr, *source = nullptr;
  std::size_t name_size = 0, source_size = 0;
  if (!take_byte(frame, check) || !take_text(frame, name, name_size) ||
      !take_text(frame, source, source_size)) {
    lua_pushliteral(lua, "the start cannot be read");
    return false;
  }
  check_only = check != 0;
  char chunk[80] = "=";
  const std::size_t shown = name_size < sizeof chunk - 2 ? name_size : sizeof chunk - 2;
  std::memcpy(chunk + 1, name, shown);
  if (!compile(lua, source, source_size, chunk)) return false;
  Start start{frame};
  lua_pushcfunction(lua, call_open_api);
  lua_pushlightuserdata(lua, &start);
  return lua_pcall(lua, 1, 0, 0) == LUA_OK;
}

}  // namespace

int run_lua() {
  if (!confine()) return kConfinement;
  const InFrame start = wait_for(FromDaemon::start);
  lua_State* lua = open_sandbox();
  bool check_only = false;
  if (lua == nullptr) {
    tell(ToDaemon::ready, false, "no memory for Lua");
    return 1;
  }
  const bool good = prepare(lua, start, check_only);
  tell(ToDaemon::ready, good, good ? "" : message_at_top(lua));
  if (!good || check_only) return good ? 0 : 1;
  (void)wait_for(FromDaemon::begin);
  bool worked = lua_pcall(lua, 0, 0, 0) == LUA_OK;
  if (worked) {
    lua_pushcfunction(lua, call_serve);
    worked = lua_pcall(lua, 0, 0, 0) == LUA_OK;
  }
  tell(ToDaemon::ended, worked, worked ? "" : message_at_top(lua));
  return worked ? 0 : 1;  // The system takes the memory back; close handlers do not run.
}

}  // namespace gk::worker
