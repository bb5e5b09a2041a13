# SPDX-License-Identifier: Apache-2.0
# advise.sh: publishers and case data for tests of advisories. Source it after case.sh.

cat >"$TMP/acme.yaml" <<-'EOS'
	version: 1
	name: Acme GmbH
	namespace: https://acme.example
	category: vendor
	contact: security@acme.example
	id-prefix: ACME-SA
	security-page: https://acme.example/security
	products:
	  - {channel: stable, name: Acme Phone, uninstall: "Use C:\\Acme\\uninstall.exe"}
EOS
cat >"$TMP/odd.yaml" <<-'EOS'
	version: 1
	name: "Ünïcode & Söhne <gmbh> 株式会社"
	namespace: https://xn--nicode-2ya.example/
	category: coordinator
	contact: |
	  Frau O'Neill "Security" <sec@example.org>
	  +49 30 0000
	id-prefix: Odd-1
	security-page: https://example.org/a?b=c&d=%20e#f
	advisory-url: https://example.org/csaf
	authority: "</script><script>alert(1)</script>"
	legal: "<!-- --> ]]> & &amp;"
	language: de-AT
	tlp: AMBER
EOS
cat >"$TMP/odd-case.yaml" <<-'EOS'
	case: odd
	title: "</title><script>alert('title')</script>"
	vendor: "<b>Vendor</b> & Co"
	product: "電話アプリ \"Desk\" <img src=x onerror=alert(1)>"
	about: "<script>alert('about')</script> line"
	cve: CVE-2023-29059
	affected:
	  - {platform: windows, version: "18 and earlier versions"}
	  - {platform: windows, version: "<= 18.12"}
	  - platform: linux
	    version: "1.0\"><svg onload=alert(1)>"
	    files:
	      - {name: "a<b>.dll", md5: d41d8cd98f00b204e9800998ecf8427e}
	      - {name: "nothing known of it"}
	fixed:
	  - {platform: windows, version: "18.12.425"}
	timeline:
	  - {at: "2023-03-22", event: "<iframe src=//x>", source: "a & b"}
	references:
	  - {name: "<a href=javascript:alert(1)>", url: "https://example.net/x"}
	uninstall:
	  - {platform: linux, text: "rm -rf '/opt/<app>' && echo \"done\""}
EOS
