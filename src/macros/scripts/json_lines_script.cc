#include "macros/scripts/json_lines_script.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/json_writer.h"
#include "macros/scripts/json_lines_mutant.h"

namespace gk::macros {

JsonLinesScript::JsonLinesScript(sys::Fd input, sys::Fd output, ScriptHands hands, Plain plain,
                                 net::Loop& loop)
    : input_(std::move(input)),
      output_(std::move(output)),
      hands_(std::move(hands)),
      plain_(std::move(plain)),
      loop_(loop),
      outbox_(input_.get(), loop) {}

void JsonLinesScript::listen() {
  watch_ = loop_.watch_readable(output_.get(), [this] { on_readable(); });
}

void JsonLinesScript::on_readable() {
  std::array<char, kTurnBytes> buffer;
  const ssize_t n = ::read(output_.get(), buffer.data(), buffer.size());
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {  // It has closed its output; its end is the macro service's to see.
    watch_ = {};
    return;
  }
  reader_.append({buffer.data(), static_cast<std::size_t>(n)});
  const bool more_may_wait = static_cast<std::size_t>(n) == buffer.size();
  if (!serve() || more_may_wait) rest();
}

// Whoever floods us waits: its next lines stay in its own pipe.
void JsonLinesScript::rest() {
  watch_ = {};
  rest_ = loop_.after(kRest, [this] {
    if (!serve()) return rest();
    listen();
  });
}

/// False: lines are left for the next turn.
bool JsonLinesScript::serve() {
  for (std::size_t lines = 0; lines < kTurnLines; ++lines) {
    auto line = reader_.next();
    if (!line) return true;
    handle(std::move(*line));
  }
  return false;
}

void JsonLinesScript::drain() {
  watch_ = {};
  rest_ = {};
  std::array<char, 16 * 1024> buffer;
  for (int i = 0; i < 4; ++i) {  // A pipe full.
    const ssize_t n = ::read(output_.get(), buffer.data(), buffer.size());
    if (n <= 0) break;
    reader_.append({buffer.data(), static_cast<std::size_t>(n)});
  }
  while (auto line = reader_.next()) handle(std::move(*line));
  if (!GK_JSON_LINES_MUTANT(last_words_lost)) plain_(reader_.rest());
}

void JsonLinesScript::handle(json_lines::Line line) {
  if (const auto* text = std::get_if<json_lines::Plain>(&line)) return plain_(text->text + '\n');
  if (auto* bad = std::get_if<json_lines::Bad>(&line)) {
    plain_(bad->line + '\n');  // So that people find it, too.
    return refuse(bad->id, Error{Errc::invalid_argument, std::move(bad->message)});
  }
  if ((fenced_ && !GK_JSON_LINES_MUTANT(serves_after_fence)) || ended_)
    return;  // Whatever it wants now, it gets nothing.
  if (const auto* listen = std::get_if<json_lines::Listen>(&line)) {
    listens_ = listen->on;
    return answer(listen->id, JsonValue());
  }
  handle(std::move(std::get<json_lines::Request>(line)));
}

void JsonLinesScript::handle(json_lines::Request request) {
  const auto id = request.id;
  if (id && asked_.count(*id) > 0 && !GK_JSON_LINES_MUTANT(ids_twice)) {
    // Not under its id: that answer belongs to the first request.
    return refuse(GK_JSON_LINES_MUTANT(error_under_that_id) ? id : std::nullopt,
                  Error{Errc::already_exists,
                        "id: a request " + std::to_string(*id) + " waits for its reply"});
  }
  if (auto* command = std::get_if<lua::Send>(&request.wish)) return send(id, std::move(*command));
  if (const auto* text = std::get_if<lua::LogText>(&request.wish)) {
    hands_.log(text->text);
    return answer(id, JsonValue());
  }
  if (auto* notice = std::get_if<lua::Notify>(&request.wish)) {
    hands_.notify(std::move(notice->text));
    return answer(id, JsonValue());
  }
  if (const auto* get = std::get_if<lua::StateGet>(&request.wish)) {
    const std::string* kept = hands_.recall(get->key);
    const auto value = kept == nullptr ? Result<JsonValue>(JsonValue()) : parse_json(*kept);
    return answer(id, value ? *value : JsonValue());
  }
  if (const auto* set = std::get_if<lua::StateSet>(&request.wish)) {
    const bool forget = set->value.is_null();
    const auto kept = hands_.remember(set->key, forget ? "" : to_json(set->value));
    return kept ? answer(id, JsonValue()) : refuse(id, kept.error());
  }
  answer(id, known_metrics(hands_));
}

void JsonLinesScript::send(std::optional<std::uint32_t> id, lua::Send send) {
  if (in_flight_ >= kMaxInFlight && !GK_JSON_LINES_MUTANT(no_bound_in_flight)) {
    return refuse(id, Error{Errc::resource_exhausted, "at most " + std::to_string(kMaxInFlight) +
                                                          " commands wait for their reply"});
  }
  ++in_flight_;
  if (id) asked_.insert(*id);
  const auto timeout =
      std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(send.timeout_s));
  auto replied = [this, id,
                  alive = std::weak_ptr<int>(alive_)](const Result<games::SendReply>& reply) {
    if (alive.expired()) return;
    --in_flight_;
    if (!id) return;
    if (!GK_JSON_LINES_MUTANT(ids_for_ever)) asked_.erase(*id);
    // The hands have noted a failure already.
    put(reply ? json_lines::reply_line(*id, JsonValue(reply->text))
              : json_lines::error_line(*id, reply.error()));
  };
  if (send.chat) return hands_.say(send.command, timeout, std::move(replied));
  hands_.send(std::move(send.command), false, timeout, std::move(replied));
}

// Counts for the rules on behaviour. The answer may be lost: bad lines may come faster than answers
// are read.
void JsonLinesScript::refuse(std::optional<std::uint32_t> id, Error error) {
  if (fenced_ || ended_) return;
  const bool told = outbox_.put_line(json_lines::error_line(id, error));
  if (!told && GK_JSON_LINES_MUTANT(garbage_ends_program)) hands_.ended(false, error.message);
  if (!GK_JSON_LINES_MUTANT(errors_not_counted)) hands_.failed(error.message);
}

void JsonLinesScript::answer(std::optional<std::uint32_t> id, const JsonValue& reply) {
  if (id) put(json_lines::reply_line(*id, reply));
}

void JsonLinesScript::put(const std::string& line) {
  if (ended_ || outbox_.put(line) || GK_JSON_LINES_MUTANT(waits_for_reader)) return;
  ended_ = true;
  hands_.ended(false, "the program asks and does not read the answers");
}

void JsonLinesScript::tell(std::string_view event) {
  (void)outbox_.put(json_lines::event_line(event));
}

void JsonLinesScript::line(std::string_view text) {
  // A program that does not listen loses lines, like one that listens too slowly.
  if ((listens_ || GK_JSON_LINES_MUTANT(lines_to_all)) && !fenced_)
    (void)outbox_.put_line(json_lines::game_line(text));
}

}  // namespace gk::macros
