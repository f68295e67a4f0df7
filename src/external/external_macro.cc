#include "gamekeeper/external_macro.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/try.h"
#include "external/unix_http.h"

namespace gk {
namespace {

using external::Answer;
using external::UnixHttp;

constexpr Millis kStartTimeout{5'000};  // Source: chosen; a start commits to the disk.
constexpr Millis kEndTimeout{1'000};    // Source: contract of the destructor.
constexpr Seconds kPoll{30};            // Source: macros specification, the longest long poll.
constexpr Millis kFirstPause{100};      // Source: chosen.
constexpr Millis kLongestPause{5'000};  // Source: chosen.

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::string env(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string default_socket() {
  std::string own = env("XDG_DATA_HOME");
  if (own.empty() && !env("HOME").empty()) own = env("HOME") + "/.local/share";
  own += "/gamekeeper/gamekeeper.sock";
  return ::access(own.c_str(), F_OK) == 0 ? own : "/var/lib/gamekeeper/gamekeeper.sock";
}

Errc code_of(int status) {
  switch (status) {
    case 400:
    case 422: return Errc::invalid_argument;
    case 401: return Errc::unauthenticated;
    case 403: return Errc::permission_denied;
    case 404: return Errc::not_found;
    case 409: return Errc::failed_precondition;
    case 429: return Errc::resource_exhausted;
    case 503: return Errc::unavailable;
    default: return Errc::internal;
  }
}

/// The text of member `name`; empty when there is none.
std::string text_of(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  return value != nullptr && value->is_string() ? value->as_string() : "";
}

/// What a refusal says of itself.
Error refusal(const Answer& answer) {
  std::string detail = "the daemon answered " + std::to_string(answer.status);
  if (const auto problem = parse_json(answer.body)) {
    if (std::string said = text_of(*problem, "detail"); !said.empty()) detail = std::move(said);
  }
  return {code_of(answer.status), std::move(detail)};
}

Result<ExternalState> parse_state(std::string_view name) {
  // A pause is refused for these macros, and "cancelling" is the moment before "cancelled".
  if (name == "running") return ExternalState::running;
  if (name == "cancelled" || name == "cancelling") return ExternalState::cancelled;
  if (name == "stopped" || name == "stopping") return ExternalState::stopped;
  if (name == "ended") return ExternalState::ended;
  return Error{Errc::data_loss, "the daemon named an unknown state: " + std::string(name)};
}

bool is_final(ExternalState state) {
  return state != ExternalState::running && state != ExternalState::unwatched;
}

}  // namespace

const char* external_state_name(ExternalState state) {
  switch (state) {
    case ExternalState::running: return "running";
    case ExternalState::unwatched: return "unwatched";
    case ExternalState::cancelled: return "cancelled";
    case ExternalState::stopped: return "stopped";
    case ExternalState::ended: return "ended";
    case ExternalState::refused: return "refused";
  }
  return "unknown";
}

struct ExternalMacro::Impl {
  Impl(std::string id, std::string start_body, Callback callback, ExternalMacroOptions given)
      : macro_id(std::move(id)),
        body(std::move(start_body)),
        changed(std::move(callback)),
        options(std::move(given)),
        http(options.socket, options.token) {}

  Result<void> start() {
    GK_TRY(const Answer answer,
           http.exchange("POST", "/api/v1/macro-safety/start", body, kStartTimeout));
    if (answer.status == 201) return {};
    return refusal(answer);
  }

  /// Sleeps in the daemon's answer; nothing: nothing has changed.
  Result<std::optional<ExternalChange>> look() {
    GK_TRY(const Answer answer,
           http.exchange("GET",
                         "/api/v1/macro-safety/external/" + macro_id +
                             "/wait?state=running&timeout_s=" + std::to_string(kPoll.count()),
                         "", kPoll + Seconds(5)));
    if (answer.status != 200) return refusal(answer);
    GK_TRY(const JsonValue said, parse_json(answer.body));
    GK_TRY(const ExternalState now, parse_state(text_of(said, "state")));
    if (now == ExternalState::running) return std::optional<ExternalChange>();
    return std::optional(ExternalChange{now, text_of(said, "reason")});
  }

  void tell(ExternalState now, std::string reason) {
    if (state.exchange(now) == now) return;
    if (changed) changed({now, std::move(reason)});
  }

  /// False: the macro is being destroyed.
  bool sleep(Millis pause) {
    std::unique_lock lock(mutex);
    return !woken.wait_for(lock, pause, [&] { return leaving; });
  }

  /// The daemon was asked in vain: registers again if it does not know us (any more).
  void recover(const Error& error) {
    if (error.code != Errc::not_found) {
      tell(ExternalState::unwatched, error.message);
      return;
    }
    if (const auto again = start(); again) {
      tell(ExternalState::running, "");
    } else if (again.error().code == Errc::unavailable ||
               again.error().code == Errc::deadline_exceeded ||
               again.error().code == Errc::resource_exhausted) {
      tell(ExternalState::unwatched, again.error().message);
    } else if (again.error().code != Errc::cancelled) {
      tell(ExternalState::refused, again.error().message);
    }
  }

  void run() {
    for (Millis pause = kFirstPause; !is_final(state);) {
      const auto seen = look();
      if (!seen && seen.error().code == Errc::cancelled) return;
      if (!seen) {
        recover(seen.error());
        if (state != ExternalState::running && !sleep(pause)) return;
        pause = std::min(pause * 2, kLongestPause);
        continue;
      }
      pause = kFirstPause;
      if (*seen) {
        tell((*seen)->state, (*seen)->reason);
      } else {
        tell(ExternalState::running, "");
      }
    }
  }

  const std::string macro_id;
  const std::string body;
  const Callback changed;
  const ExternalMacroOptions options;
  UnixHttp http;
  std::atomic<ExternalState> state = ExternalState::running;
  std::mutex mutex;
  std::condition_variable woken;
  bool leaving = false;
  std::thread thread;
};

ExternalMacro::ExternalMacro(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ExternalMacro::~ExternalMacro() {
  impl_->http.interrupt();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->leaving = true;
  }
  impl_->woken.notify_all();
  impl_->thread.join();
  if (is_final(impl_->state)) return;
  UnixHttp last(impl_->options.socket, impl_->options.token);
  (void)last.exchange("POST", "/api/v1/macro-safety/stop/" + impl_->macro_id, "", kEndTimeout);
}

ExternalState ExternalMacro::state() const { return impl_->state; }

Result<std::unique_ptr<ExternalMacro>> start_macro(const std::string& macro_id,
                                                   const std::string& macro_name,
                                                   ExternalMacro::Callback changed,
                                                   ExternalMacroOptions options) {
  if (!is_name(macro_id)) {
    return Error{Errc::invalid_argument, "macro_id: expected 1 to 64 of a-z, 0-9, _ and -"};
  }
  if (!is_printable(options.token)) {
    return Error{Errc::invalid_argument, "token: expected printable text without spaces"};
  }
  if (options.socket.empty()) options.socket = default_socket();
  std::string body;
  JsonWriter w(body);
  w.begin_object().field("macro_id", macro_id);
  if (!macro_name.empty()) w.field("macro_name", macro_name);
  for (const auto& [name, value] : {std::pair{"profile", &options.profile},
                                    {"safety_level", &options.safety_level},
                                    {"game", &options.game}}) {
    if (!value->empty()) w.field(name, *value);
  }
  if (options.give_process) w.field("pid", static_cast<int>(::getpid()));
  w.end_object();
  auto impl = std::make_unique<ExternalMacro::Impl>(macro_id, std::move(body), std::move(changed),
                                                    std::move(options));
  GK_CHECK_OK(impl->start());
  impl->thread = std::thread([own = impl.get()] { own->run(); });
  return std::unique_ptr<ExternalMacro>(new ExternalMacro(std::move(impl)));
}

}  // namespace gk
