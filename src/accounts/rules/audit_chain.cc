#include "accounts/rules/audit_chain.h"

#include <utility>

namespace gk::accounts {
namespace {

void append_number(std::string& out, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(value >> shift);
}

void append_text(std::string& out, std::string_view text) {
  append_number(out, text.size());
  out += text;
}

void append_optional(std::string& out, const std::optional<std::string>& text) {
  out += text ? '\1' : '\0';
  if (text) append_text(out, *text);
}

}  // namespace

Digest audit_hash(const AuditRow& row) {
  std::string text(row.previous.begin(), row.previous.end());
  append_number(text, static_cast<std::uint64_t>(row.seq));
  append_number(text, static_cast<std::uint64_t>(row.at_us));
  append_text(text, row.actor_id);
  append_text(text, row.actor);
  append_text(text, row.action);
  append_text(text, row.target);
  append_optional(text, row.before);
  append_optional(text, row.after);
  append_text(text, row.correlation_id);
  return digest_of("audit-1", text);
}

AuditRow chained(AuditRow row, const AuditHead& head) {
  row.seq = head.seq + 1;
  row.previous = head.hash;
  row.hash = audit_hash(row);
  return row;
}

std::optional<std::string> AuditVerifier::add(const AuditRow& row) {
  const AuditHead before = std::exchange(head_, AuditHead{row.seq, row.hash});
  if (row.seq != before.seq + 1) {
    return "row " + std::to_string(before.seq + 1) + " is missing; row " + std::to_string(row.seq) +
           " follows " + std::to_string(before.seq);
  }
  const std::string name = "row " + std::to_string(row.seq);
  if (row.previous != before.hash) return name + " does not continue the row before it";
  if (row.hash != audit_hash(row)) return name + " was changed after it was written";
  return std::nullopt;
}

}  // namespace gk::accounts
