/* SPDX-License-Identifier: Apache-2.0 */

/* indicator_trivial: digests of contents that every computer holds. tests/unit/test_indicator.c
 * computes them again. */

#include "model/indicator.h"

#include <string.h>

static const struct {
	const char *what, *md5, *sha1, *sha256, *sha512;
} trivial[] = {
	{ "no bytes", "d41d8cd98f00b204e9800998ecf8427e",
	    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
	    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e" },
	{ "a line feed", "68b329da9893e34099c7d8ad5cb9c940",
	    "adc83b19e793491b1c6ea0fd8b46cd9f32e592fc",
	    "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
	    "be688838ca8686e5c90689bf2ab585cef1137c999b48c70b92f67a5c34dc1569"
	    "7b5d11c982ed6d71be1e1e7f7b4e0733884aa97c3f7a339a8ed03577cf74be09" },
	{ "CR LF", "81051bcc2cf1bedf378224b0a93e2877",
	    "ba8ab5a0280b953aa97435ff8946cbcbb2755a27",
	    "7eb70257593da06f682a3ddda54a9d260d4fc514f645237f5ca74b08f8da61a6",
	    "1b302a2f1e624a5fb5ad94ddc4e5f8bfd74d26fa37512d0e5face303d8c40eee"
	    "0d0ffa3649f5da43f439914d128166cb6c4774a7caa3b174d7535451eb697b5d" },
	{ "a space", "7215ee9c7d9dc229d2921a40e899ec5f",
	    "b858cb282617fb0956d960215c8e84d1ccf909c6",
	    "36a9e7f1c95b82ffb99743e0c5c4ce95d83c9a430aac59f84ef3cbfab6145068",
	    "f90ddd77e400dfe6a3fcf479b00b1ee29e7015c5bb8cd70f5f15b4886cc33927"
	    "5ff553fc8a053f8ddc7324f45168cffaf81f8c3ac93996f6536eef38e5e40768" },
	{ "the digit 0", "cfcd208495d565ef66e7dff9f98764da",
	    "b6589fc6ab0dc82cf12099d1c2d40ab994e8410c",
	    "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9",
	    "31bca02094eb78126a517b206a88c73cfa9ec6f704c7030d18212cace820f025"
	    "f00bf0ea68dbf3f3a5436ca63b53bf7bf80ad8d5de7d8359d0b7fed9dbc3ab99" },
	{ "the digit 1", "c4ca4238a0b923820dcc509a6f75849b",
	    "356a192b7913b04c54574d18c28d46e6395428ab",
	    "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
	    "4dff4ea340f0a823f15d3f4f01ab62eae0e5da579ccb851f8db9dfe84c58b2b3"
	    "7b89903a740e1ee172da793a6e79d560e5f7f9bd058a12a280433ed6fa46510a" },
	{ "{}", "99914b932bd37a50b983c5e7c90ae93b",
	    "bf21a9e8fbc5a3846fb05b4fa0859e0917b2202f",
	    "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
	    "27c74670adb75075fad058d5ceaf7b20c4e7786c83bae8a32f626f9782af34c9"
	    "a33c2046ef60fd2a7878d378e29fec851806bbd9a67878f3a9f1cda4830763fd" },
	{ "[]", "d751713988987e9331980363e24189ce",
	    "97d170e1550eee4afc0af065b78cda302a97674c",
	    "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945",
	    "b25b294cb4deb69ea00a4c3cf3113904801b6015e5956bd019a8570b1fe1d604"
	    "0e944ef3cdee16d0a46503ca6e659a25f21cf9ceddc13f352a3c98138c15d6af" },
	{ "a UTF-8 byte order mark", "ecaa88f7fa0bf610a5a26cf545dcd3aa",
	    "57218c316b6921e2cd61027a2387edc31a2d9471",
	    "f1945cd6c19e56b3c1c78943ef5ec18116907a4ca1efc40a57d48ab1db7adfc5",
	    "37c783b80b1d458b89e712c2dfe2777050eff0aefc9f6d8beedee77807d9aeb2"
	    "e27d14815cf4f0229b1d36c186bb5f2b5ef55e632b108cc41e9fb964c39b42a5" },
	{ "an empty ZIP archive", "76cdb2bad9582d23c1f6f4d868218d6c",
	    "b04f3ee8f5e43fa3b162981b50bb72fe1acabb33",
	    "8739c76e681f900923b900c9df0ef75cf421d39cabb54650c4b9ad19b6a76d85",
	    "5e2f959f36b66df0580a94f384c5fc1ceeec4b2a3925f062d7b68f21758b8658"
	    "1ac2adcfdde73a171a28496e758ef1b23ca4951c05455cdae9357cc3b5a5825f" },
	{ "1 zero byte", "93b885adfe0da089cdf634904fd59f71",
	    "5ba93c9db0cff93f52b521d7420e43f6eda2784f",
	    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	    "b8244d028981d693af7b456af8efa4cad63d282e19ff14942c246e50d9351d22"
	    "704a802a71c3580b6370de4ceb293c324a8423342557d4e5c38438f0e36910ee" },
	{ "512 zero bytes", "bf619eac0cdf3f68d496ea9344137e8b",
	    "5c3eb80066420002bc3dcc7ca4ab6efad7ed4ae5",
	    "076a27c79e5ace2a3d47f9dd2e83e4ff6ea8872b3c2218f66c92b89b55f36560",
	    "df40d4a774e0b453a5b87c00d6f0ef5d753143454e88ee5f7b607134598294c7"
	    "905ccbcf94bbc46e474db6eb44e56a6dbb6d9a1be9d4fb5d1b5f2d0c6ed34bfe" },
	{ "1024 zero bytes", "0f343b0931126a20f133d67c2b018a3b",
	    "60cacbf3d72e1e7834203da608037b1bf83b40e8",
	    "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
	    "8efb4f73c5655351c444eb109230c556d39e2c7624e9c11abc9e3fb4b9b92542"
	    "18cc5085b454a9698d085cfa92198491f07a723be4574adc70617b73eb0b6461" },
	{ "4096 zero bytes", "620f0b67a91f7f74151bc5be745b7110",
	    "1ceaf73df40e531df3bfb26b4fb7cd95fb7bff1d",
	    "ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7",
	    "2d23913d3759ef01704a86b4bee3ac8a29002313ecc98a7424425a78170f2195"
	    "77822fd77e4ae96313547696ad7d5949b58e12d5063ef2ee063b595740a3a12d" },
	{ "65536 zero bytes", "fcd6bcb56c1689fcef28b57c22475bad",
	    "1adc95bebe9eea8c112d40cd04ab7a8d75c4f961",
	    "de2f256064a0af797747c2b97505dc0b9f3df0de4f489eac731c23ae9ca9cc31",
	    "73e4153936dab198397b74ee9efc26093dda721eaab2f8d92786891153b45b04"
	    "265a161b169c988edb0db2c53124607b6eaaa816559c5ce54f3dbc9fa6a7a4b2" },
	{ "1048576 zero bytes", "b6d81b360a5672d80c27430f39153e2c",
	    "3b71f43ff30f4b15b5cd85dd9e95ebc7e84eb5a3",
	    "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58",
	    "d6292685b380e338e025b3415a90fe8f9d39a46e7bdba8cb78c50a338cefca74"
	    "1f69e4e46411c32de1afdedfb268e579a51f81ff85e56f55b0ee7c33fe8c25c9" },
};

const char *indicator_trivial(enum indicator_type t, const char *hex)
{
	for (size_t i = 0; i < ARRAY_LEN(trivial); i++) {
		const char *of = t == INDICATOR_MD5 ? trivial[i].md5 :
		    t == INDICATOR_SHA1		    ? trivial[i].sha1 :
		    t == INDICATOR_SHA256	    ? trivial[i].sha256 :
		    t == INDICATOR_SHA512	    ? trivial[i].sha512 :
						      "";
		if (strcmp(hex, of) == 0)
			return trivial[i].what;
	}
	return NULL;
}
