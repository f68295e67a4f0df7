// What a daemon, or whoever sits at its socket, can answer to libgamekeeper: any bytes, cut
// anywhere, connection after connection. What is read is what a model of HTTP/1.1, written apart,
// reads; a program is told of the change that the answers mean, and of no other.
//
// An input is a byte for the size of the pieces, then answers with a byte 0xFF between them. The
// first answer is read as bytes, then over a real socket; then a macro is started with all of them.
// Seeds: fuzz/external_answers_seeds.txt. With GK_FUZZ_PLANTED an answer is whole one byte too
// early.

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "base/json.h"
#include "external/unix_http.h"
#include "gamekeeper/external_macro.h"

namespace {

using namespace gk;
using external::Parsed;

Result<Parsed> parse(std::string_view bytes) {
#ifdef GK_FUZZ_PLANTED
  return external::parse_answer(std::string(bytes) + "x");
#else
  return external::parse_answer(bytes);
#endif
}

// ---- the model ----

enum class Kind : std::uint8_t { more, whole, bad };

struct Modelled {
  Kind kind = Kind::more;
  int status = 0;
  std::string body;
};

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::string_view> lines_of(std::string_view head) {
  std::vector<std::string_view> lines;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = head.find("\r\n");
    lines.push_back(head.substr(0, end));
    if (end != std::string_view::npos) head.remove_prefix(end + 2);
  }
  return lines;
}

/// The first Content-Length, without spaces around it.
std::string_view length_in(const std::vector<std::string_view>& lines) {
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t colon = lines[i].find(':');
    if (colon == std::string_view::npos) continue;
    std::string name(lines[i].substr(0, colon));
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    if (name != "content-length") continue;
    std::string_view value = lines[i].substr(colon + 1);
    const std::size_t first = value.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return value.substr(first, value.find_last_not_of(' ') + 1 - first);
  }
  return {};
}

Modelled model(std::string_view bytes) {
  constexpr std::string_view kBegin = "HTTP/1.1 ";
  const std::size_t there = std::min(bytes.size(), kBegin.size());
  if (bytes.substr(0, there) != kBegin.substr(0, there)) return {.kind = Kind::bad, .body = {}};
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return {};
  const auto lines = lines_of(bytes.substr(0, end));
  const std::string_view rest = lines[0].substr(std::min(lines[0].size(), kBegin.size()));
  const std::string_view status = rest.substr(0, 3);
  if (status.size() < 3 || !all_digits(status) || status[0] < '1' || status[0] > '5' ||
      (rest.size() > 3 && rest[3] != ' ')) {
    return {.kind = Kind::bad, .body = {}};
  }
  Modelled out{.status = std::stoi(std::string(status)), .body = {}};
  std::size_t length = 0;
  if (out.status != 204) {
    std::string_view text = length_in(lines);
    if (!all_digits(text)) return {.kind = Kind::bad, .body = {}};
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
    if (text.size() > 7) return {.kind = Kind::bad, .body = {}};
    length = text.empty() ? 0 : std::stoul(std::string(text));
    if (length > 1U << 20) return {.kind = Kind::bad, .body = {}};
  }
  const std::string_view body = bytes.substr(end + 4);
  if (body.size() < length) return out;
  out.kind = Kind::whole;
  out.body = body.substr(0, length);
  return out;
}

void check_bytes(std::string_view bytes) {
  Kind before = Kind::more;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    if (size > 256 && size + 64 < bytes.size() && size % 97 != 0) continue;
    const auto parsed = parse(bytes.substr(0, size));
    const Modelled wanted = model(bytes.substr(0, size));
    const Kind kind = !parsed ? Kind::bad : parsed->complete ? Kind::whole : Kind::more;
    GK_ASSERT(kind == wanted.kind);
    GK_ASSERT(before == Kind::more || before == kind);  // What comes later changes nothing.
    before = kind;
    if (kind != Kind::whole) continue;
    GK_ASSERT(parsed->answer.status == wanted.status && parsed->answer.body == wanted.body);
  }
}

// ---- over a socket ----

/// Sits at a socket and answers one connection after the other; when the answers are used up it
/// closes at once.
class Peer {
 public:
  Peer(std::vector<std::string> answers, std::size_t piece)
      : answers_(std::move(answers)), piece_(piece) {
    static const std::string folder = [] {
      char name[] = "/tmp/gk-fuzz-XXXXXX";
      GK_ASSERT(::mkdtemp(name) != nullptr);
      return std::string(name);
    }();
    path_ = folder + "/s";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    GK_ASSERT(fd_ >= 0);
    GK_ASSERT(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    GK_ASSERT(::listen(fd_, 8) == 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~Peer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
    ::unlink(path_.c_str());
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  const std::string& path() const { return path_; }

 private:
  void serve() {
    for (std::size_t number = 0;; ++number) {
      const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const std::string_view text =
          number < answers_.size() ? std::string_view(answers_[number]) : "";
      for (std::size_t at = 0; at < text.size(); at += piece_) {
        const std::string_view part = text.substr(at, piece_);
        if (::send(fd, part.data(), part.size(), MSG_NOSIGNAL) < 0) break;
      }
      ::shutdown(fd, SHUT_WR);
      char request[4096];  // To its end, so that closing does not throw our answer away.
      while (::recv(fd, request, sizeof request, 0) > 0) continue;
      ::close(fd);
    }
  }
  const std::vector<std::string> answers_;
  const std::size_t piece_;
  std::string path_;
  int fd_ = -1;
  std::thread thread_;
};

void check_exchange(const std::string& answer, std::size_t piece) {
  const Peer peer({answer}, piece);
  external::UnixHttp http(peer.path(), "");
  const auto got = http.exchange("POST", "/", "{}", Millis(30'000));
  const Modelled wanted = model(answer);
  GK_ASSERT(got.ok() == (wanted.kind == Kind::whole));
  if (got) {
    GK_ASSERT(got->status == wanted.status && got->body == wanted.body);
  } else {
    GK_ASSERT(got.error().code == (wanted.kind == Kind::bad ? Errc::data_loss : Errc::unavailable));
  }
}

// ---- a macro ----

/// What `text` says of the macro, when it says anything.
std::optional<ExternalState> state_in(const std::string& text) {
  const auto json = parse_json(text);
  const JsonValue* const value = json ? json->find("state") : nullptr;
  const std::string name = value != nullptr && value->is_string() ? value->as_string() : "";
  if (name == "running") return ExternalState::running;
  if (name == "cancelled" || name == "cancelling") return ExternalState::cancelled;
  if (name == "stopped" || name == "stopping") return ExternalState::stopped;
  if (name == "ended") return ExternalState::ended;
  return std::nullopt;
}

/// The first change that these answers to a started macro mean; the first is of its start.
ExternalState first_change(const std::vector<std::string>& answers) {
  const auto at = [&](std::size_t i) {
    return i < answers.size() ? model(answers[i]) : Modelled{};
  };
  for (std::size_t next = 1;;) {
    const Modelled answer = at(next++);
    if (answer.kind == Kind::whole && answer.status == 404) {
      const Modelled again = at(next++);
      if (again.kind == Kind::whole && again.status == 201) continue;
      constexpr int kRefusals[] = {400, 401, 403, 404, 409, 422};
      const bool refused = again.kind == Kind::whole &&
                           std::ranges::find(kRefusals, again.status) != std::end(kRefusals);
      return refused ? ExternalState::refused : ExternalState::unwatched;
    }
    if (answer.kind != Kind::whole || answer.status != 200) return ExternalState::unwatched;
    const auto state = state_in(answer.body);
    if (!state) return ExternalState::unwatched;
    if (*state != ExternalState::running) return *state;
  }
}

void check_macro(const std::vector<std::string>& answers, std::size_t piece) {
  const Peer peer(answers, piece);
  std::mutex mutex;
  std::condition_variable told;
  std::optional<ExternalState> first;
  ExternalMacroOptions options;
  options.socket = peer.path();
  auto macro = start_macro(
      "fuzz", "",
      [&](const ExternalChange& change) {
        const std::lock_guard lock(mutex);
        if (!first) first = change.state;
        told.notify_one();
      },
      options);
  const Modelled start = model(answers[0]);
  GK_ASSERT(macro.ok() == (start.kind == Kind::whole && start.status == 201));
  if (!macro) return;
  {
    std::unique_lock lock(mutex);
    told.wait(lock, [&] { return first.has_value(); });
  }
  macro->reset();
  GK_ASSERT(*first == first_change(answers));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0];
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<std::string> answers;
  for (std::size_t end = 0; end != std::string_view::npos && answers.size() < 8;) {
    end = rest.find('\xff');
    answers.emplace_back(rest.substr(0, end));
    if (end != std::string_view::npos) rest.remove_prefix(end + 1);
  }
  check_bytes(answers[0]);
  check_exchange(answers[0], piece);
  if (model(answers[0]).status == 201) check_macro(answers, piece);
  return 0;
}
