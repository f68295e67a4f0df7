#!/usr/bin/env python3
"""Plants one bug at a time in src/accounts and expects a named test to fail.

Usage: tests/accounts_mutants.py BUILD_DIR      exit 1 when a bug goes unnoticed.
Works on the sources in place and restores each; run it on a clean tree. Not one of the tests: it
compiles accounts_tests once a bug.
"""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent / "src/accounts"

# (file, text, text with the bug, tests that must notice)
MUTANTS = [
    ("rules/access_token.cc", "if (token.size() > kMaxAccessTokenBytes || !token.starts_with(prefix_)) return not_ours();",
     "if (token.size() < prefix_.size()) return not_ours();", "AccessTokenTest.*"),
    ("rules/access_token.cc", '!is_text(*parsed, "aud", kTokenAudience)', "false", "AccessTokenTest.*Audience*"),
    ("rules/access_token.cc", "if (now_s >= claims.expires_at_s) {", "if (now_s > claims.expires_at_s) {", "AccessTokenTest.*Expiry"),
    ("rules/refresh_token.cc", "age < kRefreshGrace && age > -kRefreshGrace", "true", "RefreshTokenTest.*:AccessTest.LaterReuse*"),
    ("rules/totp.cc", "match && step > last_step && !found", "match && !found", "Totp.NoStep*:SecondFactorTest.NoCode*"),
    ("rules/totp.cc", "step = present - kTotpDriftSteps;", "step = present - 3;", "Totp.AcceptsOneStep*"),
    ("rules/api_token.cc", "return holds(owner, scope);", "return !owner.empty() || !scope.empty();", "ApiToken*"),
    ("access_tokens.cc", "&& now_s < found->second->claims.expires_at_s", "", "AccessTest.IsNotProlonged*"),
    ("service.cc", "if (live == nullptr || live->user_id != claims.subject) {", "if (live == nullptr) {", "AccessTest.AnotherUsers*"),
    ("service.cc", "if (verified->made_of != live) {", "if (verified->made_of == nullptr) {", "RolesTest.ChangeBites*"),
    ("service_second_factor.cc", "    factor.last_step = *use.step;", "", "SecondFactorTest.NoCode*"),
    ("service_login.cc", "return refresh_reused((*use)->session_id, visitor, then);", "return then(unknown_refresh_token());",
     "AccessTest.LaterReuse*"),
    ("token_rows.cc", "if (use.verdict != RefreshVerdict::rotate) return", "if (true) return", "AccessTest.*"),
    ("service_users.cc", "if (caller.principal.kind != api::CredentialKind::local_admin) {", "if (false) {", "RecoveryTest.IsFor*"),
    ("service_roles.cc", "        return require_an_admin(db);", "        return {};", "RolesTest.LastAdmin*"),
    ("service_tokens.cc", "  if (owner == nullptr || owner->disabled) return nullptr;", "  if (owner == nullptr) return nullptr;",
     "ApiTokensTest.IsRefusedWhile*"),
]


def noticed(build, tests):
    """None: the bug does not compile."""
    if subprocess.run(["ninja", "-C", build, "accounts_tests"], capture_output=True).returncode != 0:
        return None
    command = [f"{build}/bin/accounts_tests", "--gtest_brief=1", f"--gtest_filter={tests}"]
    return subprocess.run(command, capture_output=True).returncode != 0


def main():
    build, missed = sys.argv[1], []
    for name, text, bug, tests in MUTANTS:
        path = ROOT / name
        source = path.read_text()
        if source.count(text) != 1:
            missed.append(f"{name}: {source.count(text)} places for: {text}")
            continue
        try:
            path.write_text(source.replace(text, bug))
            verdict = noticed(build, tests)
        finally:
            path.write_text(source)
        print({True: "noticed", False: "MISSED", None: "does not compile"}[verdict], name, text.strip()[:60], flush=True)
        if not verdict:
            missed.append(f"{name}: {text}")
    subprocess.run(["ninja", "-C", build, "accounts_tests"], capture_output=True)
    print(f"{len(MUTANTS)} bugs, {len(missed)} missed")
    print("\n".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
