# SPDX-License-Identifier: Apache-2.0
# msi.sh: makes installers and cabinets with wixl, gcab and osslsigncode. Sourced behind tap.sh.
#
#   $MK                 a folder with f1.txt, f2.bin, f3.bin, app.ico, helper.bin, one.msi, and tiny.msi
#   sign IN OUT ARG...  signs with a key of its own ($MK/cert.pem)

MK=$TMP/mk
mkdir -p "$MK"

sign() {
	local in=$1 out=$2
	shift 2
	osslsigncode sign -certs "$MK/cert.pem" -key "$MK/key.pem" -n App "$@" -in "$in" -out "$out" >/dev/null 2>&1
}

(
	cd "$MK" || exit
	seq 1 500 >f1.txt
	seq 1 9000 | openssl dgst -sha512 -binary >f2.bin
	for i in 1 2 3 4 5 6 7 8 9; do seq "$i" 9000 | openssl dgst -sha512 -binary; done >>f2.bin
	seq 1 40000 >f3.bin
	head -c 1200 f2.bin >app.ico
	head -c 7000 f3.bin >helper.bin
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 3650 \
		-subj "/CN=Test Signer" -addext extendedKeyUsage=codeSigning 2>/dev/null
	cat >one.wxs <<-'END'
		<?xml version="1.0"?>
		<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
		 <Product Id="*" Name="Test App" Language="1033" Version="1.2.3" Manufacturer="Acme"
		   UpgradeCode="12345678-1234-1234-1234-123456789012">
		  <Package Id="*" InstallerVersion="200" Compressed="yes" InstallScope="perMachine"/>
		  <Media Id="1" Cabinet="one.cab" EmbedCab="yes"/>
		  <Icon Id="app.ico" SourceFile="app.ico"/>
		  <Binary Id="helper" SourceFile="helper.bin"/>
		  <CustomAction Id="RunIt" BinaryKey="helper" DllEntry="Go"/>
		  <Directory Id="TARGETDIR" Name="SourceDir">
		   <Directory Id="ProgramFilesFolder">
		    <Directory Id="APPDIR" Name="Acme App Long Name">
		     <Component Id="C1" Guid="12345678-1234-1234-1234-123456789001">
		      <File Id="F1" Name="a long file name.txt" Source="f1.txt" KeyPath="yes"/>
		     </Component>
		     <Directory Id="SUB" Name="sub">
		      <Component Id="C2" Guid="12345678-1234-1234-1234-123456789002">
		       <File Id="F3" Name="c.bin" Source="f3.bin" KeyPath="yes"/>
		      </Component>
		     </Directory>
		    </Directory>
		   </Directory>
		  </Directory>
		  <Feature Id="Main" Level="1"><ComponentRef Id="C1"/><ComponentRef Id="C2"/></Feature>
		 </Product>
		</Wix>
	END
	sed 's/"\(f1.txt\|f3.bin\|app.ico\|helper.bin\)"/"tiny.txt"/' one.wxs >tiny.wxs
	echo tiny >tiny.txt
	! command -v wixl >/dev/null || { wixl -o one.msi one.wxs; wixl -o tiny.msi tiny.wxs; }
) >/dev/null 2>&1
