/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Shapes of the files of the 3CX compromise of March 2023, written from what was published about
 * them (see each rule's reference). They look for how the files were built, not for one build of
 * them: digests and names are in share/cases/3cx-2023.
 */

rule Firebreak_3CX_Signed_PE_With_Payload_Marker
{
	meta:
		author = "Firebreak"
		description = "signed program with a payload marker in its certificate table, where a signature does not look: the stuffed d3dcompiler_47.dll"
		reference = "https://www.volexity.com/blog/2023/03/30/3cx-supply-chain-compromise-leads-to-iconic-incident/"
		date = "2023-03-30"
		score = 90
	strings:
		/* the 32-bit value 0xFEEDFACE twice, in the order of bytes that the loader compares */
		$marker = { FE ED FA CE FE ED FA CE }
	condition:
		uint16(0) == 0x5a4d and uint32(uint32(0x3c)) == 0x00004550 and
		(
			( uint16(uint32(0x3c) + 0x18) == 0x020b and uint32(uint32(0x3c) + 0xa8) > 0 and
			  $marker in (uint32(uint32(0x3c) + 0xa8)..filesize) ) or
			( uint16(uint32(0x3c) + 0x18) == 0x010b and uint32(uint32(0x3c) + 0x98) > 0 and
			  $marker in (uint32(uint32(0x3c) + 0x98)..filesize) )
		)
}

rule Firebreak_3CX_Loader
{
	meta:
		author = "Firebreak"
		description = "program that reads an encrypted payload out of d3dcompiler_47.dll: the changed ffmpeg.dll"
		reference = "https://www.sentinelone.com/blog/smoothoperator-ongoing-campaign-trojanizes-3cx-software-in-software-supply-chain-attack/"
		date = "2023-03-30"
		score = 95
	strings:
		$key = "3jB(2bsG#@c7" ascii wide
		$event = "AVMonitorRefreshEvent" ascii wide
		$host = "d3dcompiler_47.dll" ascii wide nocase
		/* cmp byte [..], FE; jne; cmp byte [..], ED; jne; cmp byte [..], FA */
		$seek = { 80 [1-4] FE 75 ?? [0-2] 80 [1-5] ED 75 ?? [0-2] 80 [1-5] FA 75 }
	condition:
		uint16(0) == 0x5a4d and ( $key or 2 of ($event, $host, $seek) and ( $event or $seek ) )
}

rule Firebreak_3CX_Icon_Storage
{
	meta:
		author = "Firebreak"
		description = "program that fetches icons which hide addresses of its servers"
		reference = "https://www.volexity.com/blog/2023/03/30/3cx-supply-chain-compromise-leads-to-iconic-incident/"
		date = "2023-03-30"
		score = 90
	strings:
		$icons = "raw.githubusercontent.com/IconStorages/images/main/icon" ascii wide nocase
	condition:
		$icons and
		( uint16(0) == 0x5a4d or uint32(0) == 0x464c457f or uint32(0) == 0xfeedfacf or
		  uint32(0) == 0xbebafeca )
}

rule Firebreak_3CX_Icon_With_Hidden_Text
{
	meta:
		author = "Firebreak"
		description = "icon with base64 text behind the picture: how the servers' addresses were handed out"
		reference = "https://www.volexity.com/blog/2023/03/30/3cx-supply-chain-compromise-leads-to-iconic-incident/"
		date = "2023-03-30"
		score = 75
	strings:
		$tail = /IEND\xaeB`\x82\$[A-Za-z0-9+\/]{32,400}={0,2}/
	condition:
		uint32(0) == 0x00010000 and filesize < 1MB and
		$tail in (filesize - 600..filesize)
}

rule Firebreak_3CX_macOS_Library
{
	meta:
		author = "Firebreak"
		description = "Mach-O file with what the changed libffmpeg.dylib and its UpdateAgent say and write"
		reference = "https://objective-see.org/blog/blog_0x73.html"
		date = "2023-03-31"
		score = 90
	strings:
		$cookie = "3cx_auth_id=%s;3cx_auth_token_content=%s;__tutma=true"
		$storage = "/.main_storage"
		$agent = "/UpdateAgent"
		$folder = "/Library/Application Support/3CX Desktop App"
		/* URLs in it are XORed with one byte */
		$server1 = "msstorageazure.com/" xor(0x7a)
		$server2 = "officestoragebox.com/" xor(0x7a)
		$server3 = "visualstudiofactory.com/" xor(0x7a)
		$server4 = "azuredeploystore.com/" xor(0x7a)
	condition:
		( uint32(0) == 0xfeedfacf or uint32(0) == 0xfeedface or uint32(0) == 0xbebafeca ) and
		( $cookie or ( $storage and $agent and $folder ) or 2 of ($server*) )
}
