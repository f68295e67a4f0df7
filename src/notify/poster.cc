#include "notify/poster.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "notices/rules/address_guard.h"

namespace gk::notify {
namespace {

using notices::Attempt;

/// One POST on its way.
struct Transfer {
  const Options* options = nullptr;
  const PosterLimits* limits = nullptr;
  std::uint64_t number = 0;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  bool plain = false;   // http://
  std::string blocked;  // Why the address was refused.
  bool cut = false;     // We ended it: the answer is longer than we read.
  std::size_t head_bytes = 0, body_bytes = 0;
  std::string body;  // The first bytes: Discord says there how long to wait.
  Attempt attempt;

  Transfer() = default;
  ~Transfer() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
};

std::optional<notices::Address> address_of(const curl_sockaddr& target) {
  const auto* raw = reinterpret_cast<const std::uint8_t*>(&target.addr);
  if (target.family == AF_INET && target.addrlen >= sizeof(sockaddr_in)) {
    return notices::Address::from_v4(raw + offsetof(sockaddr_in, sin_addr));
  }
  if (target.family == AF_INET6 && target.addrlen >= sizeof(sockaddr_in6)) {
    return notices::Address::from_v6(raw + offsetof(sockaddr_in6, sin6_addr));
  }
  return std::nullopt;
}

// The decision: on the very address that is connected to, after names were resolved.
curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* target) {
  auto& transfer = *static_cast<Transfer*>(self);
  const auto address = address_of(*target);
  if (!address) return CURL_SOCKET_BAD;
  const auto& allowed = transfer.options->allowed;
  if (const auto why = notices::refusal(*address, allowed)) {
    transfer.blocked = address->text() + " is a " + std::string(*why) + " address";
    return CURL_SOCKET_BAD;
  }
  const bool listed = std::any_of(allowed.begin(), allowed.end(),
                                  [&](const auto& network) { return network.contains(*address); });
  if (transfer.plain && !listed) {
    transfer.blocked = "plain http to " + address->text() + ", which is not listed";
    return CURL_SOCKET_BAD;
  }
  return ::socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  constexpr std::size_t kKept = 4 * 1024;  // Source: chosen; Discord's 429 is 150 bytes
  transfer.body.append(data, std::min(size, kKept - std::min(kKept, transfer.body.size())));
  transfer.body_bytes += size;
  transfer.cut = transfer.cut || transfer.body_bytes > transfer.limits->max_body;
  return transfer.cut ? 0 : size;
}

std::size_t on_head(char* data, std::size_t, std::size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.head_bytes += size;
  if (transfer.head_bytes > transfer.limits->max_head) return 0;
  const std::string_view line(data, size);
  constexpr std::string_view kName = "retry-after:";
  if (size > kName.size() && curl_strnequal(data, kName.data(), kName.size()) != 0) {
    std::string_view value = line.substr(kName.size());
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    double seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error == std::errc() && end != value.data() && seconds >= 0) {
      transfer.attempt.retry_after_s = seconds;
    }
  }
  return size;
}

std::string_view kind_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return "dns";
    case CURLE_COULDNT_CONNECT: return "connect";
    case CURLE_OPERATION_TIMEDOUT: return "timeout";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER: return "tls";
    default: return "other";
  }
}

void finish(Transfer& t, CURLcode code) {
  long status = 0;
  curl_off_t micros = 0;
  curl_easy_getinfo(t.easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(t.easy, CURLINFO_TOTAL_TIME_T, &micros);
  t.attempt.duration_ms = static_cast<double>(micros) / 1'000;
  if (status >= 200) t.attempt.status = static_cast<int>(status);
  if (!t.blocked.empty()) {
    t.attempt.error_kind = "blocked";
    t.attempt.error = t.blocked;
  } else if (code != CURLE_OK && t.attempt.status == 0) {
    // With a status the answer came, whatever was wrong with its body.
    t.attempt.error_kind = kind_of(code);
    t.attempt.error = curl_easy_strerror(code);
  } else if (t.attempt.status >= 300) {
    t.attempt.error = "the receiver answered " + std::to_string(t.attempt.status);
    if (t.attempt.status < 400) t.attempt.error += "; redirects are not followed";
  }
  if (t.attempt.status == 429) notices::read_retry_after(t.body, t.attempt);
}

}  // namespace

struct Poster::Impl {
  Options options;
  PosterLimits limits;
  CURLM* multi = nullptr;
  std::map<CURL*, std::unique_ptr<Transfer>> transfers;
  std::vector<Ended> refused;

  void collect(std::vector<Ended>& out) {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;  // The message is gone with its handle.
      const auto it = transfers.find(message->easy_handle);
      if (it == transfers.end()) continue;
      finish(*it->second, code);
      curl_multi_remove_handle(multi, it->first);
      out.emplace_back(it->second->number, it->second->attempt);
      transfers.erase(it);
    }
  }

  ~Impl() {
    for (const auto& [easy, transfer] : transfers) curl_multi_remove_handle(multi, easy);
    transfers.clear();
    curl_multi_cleanup(multi);
  }
};

Poster::Poster(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Poster::~Poster() = default;

Result<std::unique_ptr<Poster>> Poster::create(Options options, PosterLimits limits) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return Error{Errc::internal, "libcurl cannot start"};
  }
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  impl->limits = limits;
  impl->multi = curl_multi_init();
  if (impl->multi == nullptr) return Error{Errc::internal, "libcurl cannot start"};
  return std::unique_ptr<Poster>(new Poster(std::move(impl)));
}

void Poster::begin(const notices::PostRequest& request) {
  if (impl_->transfers.size() >= impl_->limits.max_active) {
    Attempt busy;
    busy.error_kind = "notifier";
    busy.error = "too many messages at a time";
    impl_->refused.emplace_back(request.number, busy);
    return;
  }
  auto owned = std::make_unique<Transfer>();
  Transfer& t = *owned;
  t.options = &impl_->options;
  t.limits = &impl_->limits;
  t.number = request.number;
  t.plain = request.url.starts_with("http://");
  t.easy = curl_easy_init();
  for (const auto& [name, value] : request.headers) {
    t.headers = curl_slist_append(t.headers, (name + ": " + value).c_str());
  }
  t.headers = curl_slist_append(t.headers, "Expect:");  // No 100-continue round trip.
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(t.easy, option, value); };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  set(CURLOPT_COPYPOSTFIELDS, request.body.c_str());
  set(CURLOPT_HTTPHEADER, t.headers);
  set(CURLOPT_USERAGENT, "gamekeeper-notify");
  set(CURLOPT_PROTOCOLS_STR, "https,http");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");  // One in the environment would connect in our place, past the guard.
  set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(impl_->limits.connect.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(impl_->limits.total.count()));
  set(CURLOPT_OPENSOCKETFUNCTION, open_socket);
  set(CURLOPT_OPENSOCKETDATA, &t);
  set(CURLOPT_WRITEFUNCTION, on_body);
  set(CURLOPT_WRITEDATA, &t);
  set(CURLOPT_HEADERFUNCTION, on_head);
  set(CURLOPT_HEADERDATA, &t);
  if (!impl_->options.ca_file.empty()) set(CURLOPT_CAINFO, impl_->options.ca_file.c_str());
  curl_multi_add_handle(impl_->multi, t.easy);
  impl_->transfers.emplace(t.easy, std::move(owned));
}

std::vector<Poster::Ended> Poster::step(int extra_fd, Millis wait) {
  std::vector<Ended> out = std::exchange(impl_->refused, {});
  int running = 0;
  curl_multi_perform(impl_->multi, &running);
  impl_->collect(out);  // A POST may end at once: then there is nothing to wait for.
  if (!out.empty()) return out;
  curl_waitfd extra{extra_fd, CURL_WAIT_POLLIN, 0};
  curl_multi_poll(impl_->multi, &extra, 1, static_cast<int>(wait.count()), nullptr);
  curl_multi_perform(impl_->multi, &running);
  impl_->collect(out);
  return out;
}

}  // namespace gk::notify
