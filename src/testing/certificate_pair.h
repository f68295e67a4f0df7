// certificate_pair.h: certificates made on the spot. For programs that link to OpenSSL.

#pragma once

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <cstdio>
#include <string>

namespace gk {

struct CertificateWishes {
  long valid_from_s = -3'600;  ///< From now.
  long valid_until_s = 3'600;
  unsigned key_mode = 0600;
};

/// A key and a certificate of its own signature, as `name`.pem and `name`.key.
struct CertificatePair {
  CertificatePair(const std::string& folder, const std::string& name,
                  const CertificateWishes& wishes = {})
      : certificate(folder + "/" + name + ".pem"), key(folder + "/" + name + ".key") {
    EVP_PKEY* const pkey = EVP_EC_gen("P-256");
    X509* const x509 = X509_new();
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), wishes.valid_from_s);
    X509_gmtime_adj(X509_getm_notAfter(x509), wishes.valid_until_s);
    X509_set_pubkey(x509, pkey);
    X509_NAME* const subject = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(x509, subject);
    X509_sign(x509, pkey, EVP_sha256());
    std::FILE* file = std::fopen(certificate.c_str(), "w");
    PEM_write_X509(file, x509);
    std::fclose(file);
    file = std::fopen(key.c_str(), "w");
    PEM_write_PrivateKey(file, pkey, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    EXPECT_EQ(::chmod(key.c_str(), wishes.key_mode), 0);
    X509_free(x509);
    EVP_PKEY_free(pkey);
  }
  std::string certificate, key;
};

}  // namespace gk
