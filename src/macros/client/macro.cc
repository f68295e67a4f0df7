// The registration of an external macro: its long poll, and its way back after a daemon's restart.
#include "gamekeeper/macros.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "base/assert.h"
#include "macros/client/daemon_call.h"

namespace gk {
namespace {

using macro_client::Answer;
using macro_client::call_daemon;
using macro_client::json_text;
using macro_client::member_text;

constexpr std::string_view kApi = "/api/macro-safety/";
constexpr int kPollSeconds = 25;         // Source: chosen; the API allows 30
constexpr Millis kLeaveDeadline{1'000};  // Of the last request. Source: chosen

Errc code_of(int status) {  // The reverse of docs/errors.md, for what these routes answer.
  switch (status) {
    case 400:
    case 422: return Errc::invalid_argument;
    case 401: return Errc::unauthenticated;
    case 403: return Errc::permission_denied;
    case 404: return Errc::not_found;
    case 409: return Errc::already_exists;
    case 429: return Errc::resource_exhausted;
    default: return status >= 500 ? Errc::unavailable : Errc::internal;
  }
}

Error refusal(const Answer& answer) {
  const bool blocked = member_text(answer.body, "type").value_or("").ends_with("macro-blocked");
  const Errc code = blocked ? Errc::failed_precondition : code_of(answer.status);
  return {code, member_text(answer.body, "detail")
                    .value_or("the daemon answers " + std::to_string(answer.status))};
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string_view::npos;
}

std::string start_body(const std::string& id, const std::string& name,
                       const MacroOptions& options) {
  std::string out = "{\"macro_id\":" + json_text(id);
  const auto add = [&out](const char* key, const std::string& text) {
    if (!text.empty()) out.append(",\"").append(key).append("\":").append(json_text(text));
  };
  add("macro_name", name);
  add("profile", options.profile);
  add("safety_level", options.safety_level);
  add("game", options.game);
  if (options.pid != 0) out += ",\"pid\":" + std::to_string(options.pid);
  return out += '}';
}

class Registration final : public Macro {
 public:
  Registration(std::string id, std::string body, Changed changed, MacroOptions options)
      : id_(std::move(id)),
        body_(std::move(body)),
        changed_(std::move(changed)),
        options_(std::move(options)),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  ~Registration() override {
    GK_ASSERT(std::this_thread::get_id() != thread_.get_id());  // Not in the callback, see above.
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
    if (thread_.joinable()) {
      thread_.join();
      if (!over_) (void)call("POST", "stop/" + id_, "", kLeaveDeadline, false);
    }
    if (wake_ >= 0) ::close(wake_);
  }

  bool may_act() const override { return !over_ && !paused_; }

  Result<void> begin() {
    if (wake_ < 0) return Error{Errc::resource_exhausted, "no descriptor is left"};
    if (auto registered = enter(); !registered) return registered;
    thread_ = std::thread([this] { follow(); });
    return {};
  }

 private:
  Result<Answer> call(std::string_view method, const std::string& rest, std::string_view body,
                      Millis deadline, bool wakes = true) const {
    return call_daemon(options_.socket, method, std::string(kApi) + rest, body, deadline,
                       wakes ? wake_ : -1);
  }
  Result<void> enter() const {
    const auto answer = call("POST", "start", body_, options_.reply_deadline);
    if (!answer) return answer.error();
    return answer->status == 201 ? Result<void>() : refusal(*answer);
  }

  void tell(MacroChange change, const std::string& reason) {
    if (change == MacroChange::cancelled || change == MacroChange::stopped) over_ = true;
    if (change == MacroChange::paused) paused_ = true;
    if (change == MacroChange::resumed) paused_ = false;
    if (changed_) changed_(change, reason);
  }

  // The thread: until it is over, or the object ends.
  void follow() {
    while (!over_) {
      const auto answer =
          call("GET",
               "external/" + id_ + "/wait?timeout_s=" + std::to_string(kPollSeconds) +
                   "&state=" + state_,
               "", Seconds(kPollSeconds) + options_.reply_deadline);
      if (!answer && answer.error().code == Errc::cancelled) return;
      if (answer && answer->status == 200) {
        retry_ = options_.first_retry;
        note(*answer);
      } else if (!return_to(answer ? refusal(*answer) : answer.error())) {
        return;
      }
    }
  }

  void note(const Answer& answer) {
    const std::string state = member_text(answer.body, "state").value_or("");
    const std::string reason = member_text(answer.body, "reason").value_or("");
    if (state == state_) return;  // The poll was over.
    state_ = is_id(state) ? state : "running";
    if (state == "running") tell(MacroChange::resumed, reason);
    if (state == "warned") tell(MacroChange::warned, reason);
    if (state == "paused") tell(MacroChange::paused, reason);
    if (state == "cancelled") tell(MacroChange::cancelled, reason);
    if (state == "stopped" || state == "ended") tell(MacroChange::stopped, reason);
  }

  /// The daemon is gone, or does not know the macro: registers anew. False: the object ends.
  bool return_to(const Error& why) {
    tell(MacroChange::lost, why.message);
    for (;;) {
      pollfd wake{wake_, POLLIN, 0};
      if (::poll(&wake, 1, static_cast<int>(retry_.count())) > 0) return false;
      retry_ = std::min(2 * retry_, options_.last_retry);  // Until a poll is answered.
      const auto entered = enter();
      const Errc code = entered ? Errc{} : entered.error().code;
      if (code == Errc::cancelled) return false;
      // It may have been the connection alone: then the daemon knows the macro still.
      if (entered || code == Errc::already_exists) {
        if (entered) paused_ = false;
        state_ = entered ? "running" : state_;
        tell(MacroChange::regained, "");
        return true;
      }
      if (code == Errc::failed_precondition || code == Errc::permission_denied) {
        tell(MacroChange::cancelled, entered.error().message);  // It may not run any more.
        return false;
      }
    }
  }

  const std::string id_, body_;
  const Changed changed_;
  const MacroOptions options_;
  const int wake_;
  // Confined to the thread.
  std::string state_ = "running";  // What the daemon said last.
  Millis retry_ = options_.first_retry;
  std::atomic<bool> over_ = false, paused_ = false;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Macro>> start_macro(const std::string& macro_id, const std::string& name,
                                           Macro::Changed changed, const MacroOptions& options) {
  if (!is_id(macro_id)) {
    return Error{Errc::invalid_argument,
                 "macro_id: expected a-z, 0-9, _ and -, 1 to 64 characters"};
  }
  const bool sane = options.reply_deadline >= Millis(10) && options.reply_deadline <= Seconds(60) &&
                    options.first_retry >= Millis(1) && options.last_retry >= options.first_retry &&
                    options.last_retry <= Seconds(60);
  if (!sane) {
    return Error{Errc::invalid_argument,
                 "expected reply_deadline from 10 ms and retries from 1 ms, none above 1 min"};
  }
  MacroOptions own = options;
  if (own.socket.empty()) own.socket = "/var/lib/gamekeeper/gamekeeper.sock";
  auto macro = std::make_unique<Registration>(macro_id, start_body(macro_id, name, own),
                                              std::move(changed), own);
  if (auto begun = macro->begin(); !begun) return begun.error();
  return std::unique_ptr<Macro>(std::move(macro));
}

}  // namespace gk
