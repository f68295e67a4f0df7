// /audit: who changed what, and whether the record is whole.

#include <charconv>

#include "accounts/audit.h"
#include "accounts/routes_detail.h"

namespace gk::accounts {
namespace {

std::optional<std::int64_t> number_param(const net::Request& request, std::string_view name,
                                         bool& malformed) {
  const auto text = request.query_param(name);
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size() || value < 0) {
    malformed = true;
    return std::nullopt;
  }
  return value;
}

void write_json(JsonWriter& w, std::string_view key, const std::optional<std::string>& json) {
  w.key(key);
  if (json) {
    w.raw(*json);
  } else {
    w.null();
  }
}

/// What people call the target now, or called it when the row was written. Null: nobody knows, or
/// the target is a name itself.
std::optional<std::string> target_name(const AccountsService& service, const AuditRow& row) {
  std::string user_id = row.target;
  if (const SessionRecord* session = service.sessions().find(row.target)) {
    user_id = session->user_id;
  }
  std::string name;
  if (const UserRecord* user = service.users().by_id(user_id)) {
    name = user->username;
  } else if (const ApiTokenRecord* token = service.api_tokens().find(row.target)) {
    name = token->name;
  } else {
    name = target_name_in(row);
    // The target of a log-in is its session, which has ended and was the actor's.
    if (name.empty() && row.action.starts_with("auth.")) name = row.actor;
  }
  return name.empty() || name == row.target ? std::nullopt : std::optional(std::move(name));
}

void write_row(JsonWriter& w, const AccountsService& service, const AuditRow& row) {
  w.begin_object().field("seq", row.seq).field("at", WallTime(Micros(row.at_us)));
  w.field("actor_id", row.actor_id).field("actor", row.actor).field("action", row.action);
  w.field("target", row.target).field("target_name", target_name(service, row));
  write_json(w, "before", row.before);
  write_json(w, "after", row.after);
  w.field("correlation_id", row.correlation_id).field("hash", to_hex(row.hash)).end_object();
}

void list(AccountsService& service, api::Call& call, const api::Reply& reply) {
  const auto limit = page_size(call.request);
  bool malformed = false;
  AuditQuery query{.before_seq = number_param(call.request, "cursor", malformed),
                   .actor = call.request.query_param("actor"),
                   .action = call.request.query_param("action"),
                   .target = call.request.query_param("target"),
                   .correlation_id = call.request.query_param("correlation_id")};
  if (!limit) return reply.problem(invalid_field("limit", "expected a number from 1 to 1000"));
  if (malformed) return reply.problem(invalid_field("cursor", "expected next_cursor of a page"));
  query.limit = *limit + 1;
  using Rows = std::vector<AuditRow>;
  service.reads().run<Rows>([query](store::Database& db) { return list_audit(db, query); },
                            [&service, reply, limit = *limit](Result<Rows> rows) {
                              if (!rows) return reply.error(rows.error());
                              std::string body;
                              JsonWriter w(body);
                              w.begin_object().key("items").begin_array();
                              for (std::size_t i = 0; i < rows->size() && i < limit; ++i)
                                write_row(w, service, (*rows)[i]);
                              w.end_array().key("next_cursor");
                              if (rows->size() > limit) {
                                w.value(std::to_string((*rows)[limit - 1].seq));
                              } else {
                                w.null();
                              }
                              w.end_object();
                              reply.json(std::move(body));
                            });
}

std::optional<Digest> digest_of_hex(std::string_view text) {
  Digest out{};
  if (text.size() != out.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto parsed = std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, out[i], 16);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + 2 * i + 2) return std::nullopt;
  }
  return out;
}

void answer_verdict(const api::Reply& reply, const Result<AuditHead>& head) {
  if (!head && head.error().code != Errc::data_loss) return reply.error(head.error());
  std::string body;
  JsonWriter w(body);
  w.begin_object().field("sound", static_cast<bool>(head));
  if (head) {
    w.field("rows", head->seq).field("hash", to_hex(head->hash));
  } else {
    w.field("fault", head.error().message);
  }
  w.end_object();
  reply.json(std::move(body));
}

void verify(AccountsService& service, api::Call& call, const api::Reply& reply) {
  bool malformed = false;
  const auto seq = number_param(call.request, "seq", malformed);
  const auto hash = call.request.query_param("hash");
  std::optional<AuditHead> expected;
  if (seq || hash) {
    const auto digest = digest_of_hex(hash.value_or(""));
    if (!seq || !digest) malformed = true;
    if (!malformed) expected = AuditHead{.seq = *seq, .hash = *digest};
  }
  if (malformed) {
    return reply.problem(invalid_field(
        "seq", "expected seq and hash of a row, as the log's accounts.audit lines have them"));
  }
  service.reads().run<AuditHead>(
      [expected](store::Database& db) { return verify_audit(db, expected); },
      [reply](Result<AuditHead> head) { answer_verdict(reply, head); });
}

}  // namespace

void add_audit_routes(api::Router& router, AccountsService& service) {
  router.add_schema(
      {"AuditRow",
       {{"seq", "integer", "From 1, without holes", true},
        {"at", "time", "", true},
        {"actor_id", "string", "Empty for local-admin, setup and system", true},
        {"actor", "string", "", true},
        {"action", "string", "user.create, auth.login …", true},
        {"target", "string", "Id of what was changed", true},
        {"target_name", "string",
         "What people call it: now, or in this row when it is gone; null: unknown, or "
         "the target is a name",
         true, true},
        {"before", "any", "", true, true},
        {"after", "any", "", true, true},
        {"correlation_id", "string", "Of the request", true},
        {"hash", "string", "Over this row and the hash of the one before", true}}});
  router.add_schema({"AuditList",
                     {{"items", "#AuditRow[]", "Newest first", true},
                      {"next_cursor", "string", "", true, true}}});
  router.add_schema({"AuditVerdict",
                     {{"sound", "boolean", "No row was changed, removed or inserted", true},
                      {"rows", "integer", "When sound", false},
                      {"hash", "string", "Of the newest row, to be kept elsewhere", false},
                      {"fault", "string", "What is wrong, and where", false}}});
  router
      .add({.method = net::Method::get,
            .path = "/audit",
            .scope = "audit:read",
            .summary = "The audit, newest first",
            .request = {},
            .response = "AuditList",
            .handler = [&service](api::Call& call,
                                  const api::Reply& reply) { list(service, call, reply); }})
      .query({api::kLimit,
              api::kCursor,
              {"actor", "string", "Who"},
              {"action", "string", "Name, or its start"},
              {"target", "string", "Id of what was changed"},
              {"correlation_id", "string", "Of the request"}});
  router
      .add({.method = net::Method::get,
            .path = "/audit/verify",
            .scope = "audit:read",
            .summary = "Walks the hash chain; ?seq= and ?hash= of a row that was kept elsewhere",
            .request = {},
            .response = "AuditVerdict",
            .handler = [&service](api::Call& call,
                                  const api::Reply& reply) { verify(service, call, reply); }})
      .query({{"seq", "integer", "Of a row that was kept elsewhere, with hash"},
              {"hash", "string", "Of that row"}});
}

}  // namespace gk::accounts
